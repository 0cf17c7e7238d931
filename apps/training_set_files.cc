// SPDX-License-Identifier: BSD-3-Clause
#include "training_set_files.h"

#include "vantage/tuples/cirtorch_pickle.h"
#include "vantage/util/error.h"
#include "vantage/util/log.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

std::string Extension(const fs::path& path) { return ToLower(path.extension().string()); }

}  // namespace

bool IsPicklePath(const fs::path& path) { return Extension(path) == ".pkl"; }

TrainingSet ImportCirtorchPickle(const fs::path& pickle, const fs::path& photos, const fs::path& set_path) {
  const fs::path folder = set_path.parent_path();
  TrainingSet set = ReadCirtorchPickle(pickle, photos, folder);
  size_t missing = 0;
  for (size_t i = 0; i < set.photos.size(); ++i)
    missing += fs::exists(PhotoPath(set, PhotoId{static_cast<int64_t>(i)}, folder)) ? 0 : 1;
  VANTAGE_CHECK(missing < set.photos.size(), pickle.string(), ": none of its ", missing,
                " photos is there, as ", PhotoPath(set, PhotoId{0}, folder).lexically_normal().string(),
                ": 'vantage tuples' takes their folder (--photos)");
  if (missing > 0) {
    LogWarning(missing, " of ", set.photos.size(), " photos that ", pickle.string(), " names are missing");
  }
  return set;
}

void ConvertTrainingSet(const fs::path& from, const fs::path& to) {
  if (IsPicklePath(from) && Extension(to) == ".db") {
    WriteTrainingSet(ImportCirtorchPickle(from, {}, to), to);
  } else if (Extension(from) == ".db" && IsPicklePath(to)) {
    const CirtorchExport written = WriteCirtorchPickle(ReadTrainingSet(from), from.parent_path(), to);
    LogInfo(written.pairs, " pairs of ", written.photos, " photos; ", written.linked, " were linked into ",
            (to.parent_path() / "ims").string());
    if (written.missing > 0) LogWarning(written.missing, " photos are missing: cirtorch fails on them");
  } else {
    throw UsageError(StrCat("a training set is converted from .db to .pkl (cirtorch's) or back, not from ",
                            from.string(), " to ", to.string()));
  }
}

}  // namespace vantage
