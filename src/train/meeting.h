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

// The connections of processes that have met. Members are destroyed in reverse order, the store last.
struct Meeting {
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::Backend> collectives;
  std::unique_ptr<PeerWatch> watch;
};

// Meets the other processes at MASTER_ADDR:MASTER_PORT, where process 0 (or torchrun) serves c10d's TCPStore.
// Checks that they belong together, and connects each with every other. This header is separate because
// c10d's headers take seconds to compile.
Meeting Meet(const LaunchEnvironment& launch, const RunContext& context, const ProcessGroupOptions& options);

// An exception's message without the stack trace that c10's exceptions append.
std::string ShortMessage(const std::exception& error);

}  // namespace vantage::train
