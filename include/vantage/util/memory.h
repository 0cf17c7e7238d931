// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace vantage {

// Keeps freed memory in the process instead of giving it back to the kernel. The large buffers of a network
// come and go with every operator; the kernel would clear each anew: up to a fifth of the time. For the start
// of a program, before it has threads: all of them then share one pool. Does nothing where the C library is
// not glibc.
void KeepFreedMemory();

}  // namespace vantage
