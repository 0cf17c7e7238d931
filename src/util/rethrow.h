// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <exception>
#include <string>

namespace vantage {

// For `catch (...)` around the body of a public function: throws what was caught, as an Error unless it is
// one. Libraries below throw types of their own (the file system, memory, JSON, FAISS, OpenCV, LibTorch),
// which callers need not know.
[[noreturn]] void RethrowAsError();

// What an exception of a library says, without what only that library's developers read: the brackets of
// JSON's texts, LibTorch's backtraces.
std::string PlainReason(const std::exception& error);

}  // namespace vantage
