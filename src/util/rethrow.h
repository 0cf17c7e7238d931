// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <exception>
#include <string>

namespace vantage {

// Rethrows the current exception, converted to an Error unless it is one. Call it in `catch (...)` around the
// body of a public function: callers need not know the exception types of the libraries below (file system,
// memory, JSON, FAISS, OpenCV, LibTorch).
[[noreturn]] void RethrowAsError();

// The message of a library's exception, without the parts meant for that library's developers: the bracketed
// prefix of JSON's messages, LibTorch's backtraces.
std::string PlainReason(const std::exception& error);

}  // namespace vantage
