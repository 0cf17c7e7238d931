// SPDX-License-Identifier: BSD-3-Clause
#include <cstdio>
#include <cstdlib>

#include "command_line.h"
#include "vantage/run_context.h"

int main(int argc, char** argv) {
  vantage::KeepFreedMemory();
  const int code = vantage::cli::RunProgram({argv + 1, argv + argc});
#ifndef __SANITIZE_ADDRESS__
  // Skips LibTorch's destructors, which unregister thousands of operators one by one.
  std::fflush(nullptr);
  std::_Exit(code);
#endif
  return code;
}
