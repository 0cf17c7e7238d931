// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace vantage::testing {

// A port of this machine that nobody listens at.
int FreePort();

// What torchrun would set for a process of a group on this machine.
std::vector<std::pair<std::string, std::string>> GroupVariables(int rank, int size, int port);

// Runs a program as a group of processes on this machine, each with its own arguments, and returns exit code
// and output of each. Exit codes are 128 + n where signal n ended a process.
std::vector<std::pair<int, std::string>> RunGroup(const std::vector<std::vector<std::string>>& commands);

}  // namespace vantage::testing
