// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace vantage {

// "0.1.0"
const char* Version();

// "Release", as CMake calls it.
const char* BuildType();

// "GNU 12.2.0": what the library was compiled by.
const char* Compiler();

}  // namespace vantage
