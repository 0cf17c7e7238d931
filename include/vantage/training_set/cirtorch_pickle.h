// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "vantage/training_set/training_set.h"

namespace vantage {

// The training sets of cirtorch (retrieval-SfM-30k, -120k), a pickle beside a folder `ims` of photos:
// {'train'|'val': {'cids', 'cluster', 'qidxs', 'pidxs'}}. Image i of a split is called cids[i] and belongs to
// the cluster cluster[i]; image pidxs[j] matches the query qidxs[j].

// Where a photo lies in the folder `ims`: "de/cd/bc/abcde" for "abcde" preceded by more. Of six characters or
// more (cirtorch's cid2filename).
std::string CirtorchPhotoPath(std::string_view cid);

// Reads such a pickle, of protocols 0 to 4, in lists or NumPy arrays.
// - Photos: those of train, then those of val, in the order of cids. `ims` is the folder that holds them
//   (empty: `ims` beside the pickle); their paths are made relative to `set_folder`, where the set's file
//   will lie. None is opened: sizes are 0, and missing ones are found out when they are described.
// - Scenes: one for each cluster of each split, by split and number, named "train/5". A number that is in
//   both splits is two scenes.
// - Queries: one for each pair, in the order of qidxs, with the positive as its only candidate, of which
//   nothing is known. A photo with several positives is as many queries: cirtorch draws pairs too.
// Takes at most 1,024 bytes of memory for each byte of the file, beside each photo's copy of `ims`.
// Throws Error naming the file and the list where a list is missing, of another type or length, a cid is not
// 6 to 255 letters, digits or signs of ASCII, could lead out of `ims`, a number is negative or beyond its
// split's images, or there is no pair.
TrainingSet ReadCirtorchPickle(const std::filesystem::path& path, const std::filesystem::path& ims = {},
                               const std::filesystem::path& set_folder = {});

// The same from the bytes of the file. `ims` is what photo paths begin with; `source` names it in errors.
TrainingSet ParseCirtorchPickle(std::string_view bytes, const std::string& source, const std::string& ims);

struct CirtorchExport {
  int64_t photos = 0;
  int64_t pairs = 0;
  int64_t linked = 0;   // photos that got a link in `ims`
  int64_t missing = 0;  // photos that are not there: cirtorch fails on them
};

// Writes the pickle (protocol 2, lists) and makes `ims` beside it hold the photos, so that cirtorch trains
// from the two. `photo_root` is the folder that the set's relative paths start from.
// - A photo whose path ends as in the layout above keeps its cid. Another one's is the first 32 digits of its
//   path's SHA-256.
// - Photos that do not lie in that `ims` get a symbolic link there.
// - Clusters are the numbers in the scenes' names, where all have names as above, else the scenes' places.
// - Queries are written with their chosen positive; other candidates and sizes have no place there. What
//   ReadCirtorchPickle made is written as it was.
// Throws Error where a link cannot be made, another photo has its place, or a pair spans both splits.
CirtorchExport WriteCirtorchPickle(const TrainingSet& set, const std::filesystem::path& photo_root,
                                   const std::filesystem::path& path);

}  // namespace vantage
