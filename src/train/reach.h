// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace vantage::train {

// Connects to a host's port and closes the connection. Returns this machine's own address on that route as a
// number ("10.0.0.7"), at which the other machines can reach it whatever its name resolves to. Returns none
// if nothing listens there or the name is unknown.
std::optional<std::string> AddressTowards(const std::string& host, int port,
                                          std::chrono::milliseconds time_limit);

}  // namespace vantage::train
