// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <filesystem>

#include "vantage/evaluation.h"

namespace vantage::evaluation {

// The rows of the family: one function per protocol, each in a file of its own.
Protocol Oxford5k();
Protocol Paris6k();
Protocol ROxford5k();
Protocol RParis6k();
Protocol Holidays();
Protocol Instre();
Protocol BoxedQueries();
Protocol ClassFolders();

// In the order of messages. The first protocol that recognises a folder reads it; ClassFolders accepts any.
inline constexpr Protocol (*kProtocols[])() = {
    Oxford5k, Paris6k, ROxford5k, RParis6k, Holidays, Instre, BoxedQueries, ClassFolders,
};

// Helpers of the rows: a finder of the photos that exist, and the path of the ground truth.
PhotoFinder PhotosOf(const BenchmarkSource& source);
std::filesystem::path GroundTruthOf(const BenchmarkSource& source);

}  // namespace vantage::evaluation
