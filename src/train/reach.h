// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace vantage::train {

// Connects to a host's port and hangs up again. Returns this machine's own address on the way there, in
// numbers
// ("10.0.0.7"), which is where the other machines reach it, whatever its name resolves to; none where nobody
// listens there or the name is not known.
std::optional<std::string> AddressTowards(const std::string& host, int port,
                                          std::chrono::milliseconds time_limit);

}  // namespace vantage::train
