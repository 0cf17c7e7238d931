// SPDX-License-Identifier: BSD-3-Clause
#include "training_set/cirtorch_import.h"

#include "util/check.h"
#include "util/log.h"
#include "vantage/run_context.h"
#include "vantage/training_set.h"

namespace vantage::training_set {
namespace {

namespace fs = std::filesystem;

std::string Extension(const fs::path& path) { return ToLower(path.extension().string()); }

}  // namespace

bool IsPicklePath(const fs::path& path) { return Extension(path) == ".pkl"; }

BuiltTuples ImportCirtorchPickle(const fs::path& pickle, const fs::path& photos, const fs::path& set_path) {
  const fs::path folder = set_path.parent_path();
  BuiltTuples imported{ReadCirtorchPickle(pickle, photos, folder), {}};
  const auto count = std::ssize(imported.set.photos);
  int64_t& missing = imported.report.missing_photos;
  for (int64_t i = 0; i < count; ++i) {
    const fs::path photo = PhotoPath(imported.set, PhotoId{i}, folder);
    if (fs::exists(photo)) continue;
    if (missing++ == 0) imported.report.missing_example = photo.lexically_normal().string();
  }
  VANTAGE_CHECK(missing < count, pickle.string(), ": none of its ", missing, " photos is there, as ",
                PhotoPath(imported.set, PhotoId{0}, folder).lexically_normal().string(),
                ": 'vantage tuples' takes their folder (--photos)");
  return imported;
}

void ConvertTrainingSet(const fs::path& from, const fs::path& to) {
  if (IsPicklePath(from) && Extension(to) == ".db") {
    const BuiltTuples imported = ImportCirtorchPickle(from, {}, to);
    WriteTrainingSet(imported.set, to);
    if (imported.report.missing_photos > 0)
      LogWarning(imported.report.missing_photos, " photos that ", from.string(), " names are missing");
  } else if (Extension(from) == ".db" && IsPicklePath(to)) {
    const auto [set, root] = ReadLocatedSet(from);
    const CirtorchExport written = WriteCirtorchPickle(set, root, to);
    LogInfo(written.pairs, " pairs of ", written.photos, " photos; ", written.linked, " were linked into ",
            (to.parent_path() / "ims").string());
    if (written.missing > 0) LogWarning(written.missing, " photos are missing: cirtorch fails on them");
  } else {
    throw UsageError(StrCat("a training set is converted from .db to .pkl (cirtorch's) or back, not from ",
                            from.string(), " to ", to.string()));
  }
}

}  // namespace vantage::training_set
