// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include <exception>
#include <memory>
#include <string>

#include "train/peer_watch.h"
#include "vantage/training.h"

namespace vantage::train {

// What processes that have met hold on to. Members go in the opposite order: the store last.
struct Meeting {
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::Backend> collectives;
  std::unique_ptr<PeerWatch> watch;
};

// Meets the other processes at MASTER_ADDR:MASTER_PORT, where process 0 (or torchrun) holds c10d's TCPStore,
// checks that they belong together, and connects all with all. Only includers of c10d's headers see it: they
// take seconds.
Meeting Meet(const LaunchEnvironment& launch, const RunContext& context, const ProcessGroupOptions& options);

// An exception's message without the stack that c10's carry.
std::string ShortMessage(const std::exception& error);

}  // namespace vantage::train
