// SPDX-License-Identifier: BSD-3-Clause
// Descriptors as wide as those of SALAD (8,448) and BoQ (12,288), from file to ranks and pairs.
#include "command/run_vantage.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/random.h"
#include "util/string.h"
#include "vantage/descriptors.h"
#include "vantage/index.h"
#include "vantage/search.h"

namespace vantage {
namespace {

using vantage::testing::TemporaryFolder;
using vantage::testing::Vantage;
using vantage::testing::VantageJson;

constexpr int kGroups = 22;  // ivf-pq needs 256 descriptors
constexpr int kPhotos = 12;  // of a group; query expansion takes the 10 nearest

struct WideCase {
  int dimension;
  bool float16;
  const char* file;
};

void PrintTo(const WideCase& wide, std::ostream* out) { *out << wide.file << " of " << wide.dimension; }

class WideDescriptors : public ::testing::TestWithParam<WideCase> {
 protected:
  void SetUp() override {
    RandomStream random(1, "wide descriptors");
    DescriptorFile file;
    file.provenance.model_sha256 = "aa";
    file.descriptors.values.resize(kGroups * kPhotos, GetParam().dimension);
    for (int i = 0; i < kGroups * kPhotos; ++i) {
      file.descriptors.names.push_back(StrCat("group", i / kPhotos, "/", i, ".jpg"));
      RandomStream group(static_cast<uint64_t>(i / kPhotos), "groups of wide descriptors");
      for (Eigen::Index j = 0; j < GetParam().dimension; ++j)
        file.descriptors.values(i, j) = static_cast<float>(group.Normal() + 1.5 * random.Normal());
    }
    NormalizeRows(file.descriptors.values);
    WriteDescriptors(file, Path(GetParam().file), {.float16 = GetParam().float16});
  }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  // Every line names two photos of one group, after a first line that may be a header.
  void ExpectGroups(const std::string& name, char separator, size_t first, size_t second, size_t skipped) {
    const std::vector<std::string> lines = SplitText(Trim(ReadFile(Path(name))), '\n');
    ASSERT_GT(lines.size(), skipped);
    for (size_t i = skipped; i < lines.size(); ++i) {
      const std::vector<std::string> parts = SplitText(lines[i], separator);
      const auto group = [&](size_t part) { return parts[part].substr(0, parts[part].find('/')); };
      EXPECT_EQ(group(first), group(second)) << lines[i];
    }
  }

  TemporaryFolder folder_;
};

TEST_P(WideDescriptors, AreRankedByEachStageAndIndexAndPaired) {
  const auto search = [&](const char* option, const std::string& kind) {
    SCOPED_TRACE(StrCat(option, " ", kind));
    ASSERT_EQ(
        Vantage({"search", Path(GetParam().file), "-k", "3", option, kind, "-o", Path("ranks.csv")}).code, 0);
    ExpectGroups("ranks.csv", ',', 0, 2, 1);
  };
  for (const std::string& stage : StageFamily::Table().Names()) {
    if (stage != "local")
      search("--stage",
             stage == "superglobal" ? "superglobal:top=20" : stage);  // compares photos, not descriptors
  }
  for (const std::string& index : IndexFamily::Table().Names())
    search("--index", index.starts_with("ivf") ? index + ":nlist=4,nprobe=4" : index);
  VantageJson({"pairs", Path(GetParam().file), "-k", "3", "-o", Path("pairs.txt")});
  ExpectGroups("pairs.txt", ' ', 0, 1, 0);
}

INSTANTIATE_TEST_SUITE_P(All, WideDescriptors,
                         ::testing::Values(WideCase{8448, true, "salad.npy"},
                                           WideCase{12288, false, "boq.h5"}),
                         [](const auto& test) { return std::to_string(test.param.dimension); });

}  // namespace
}  // namespace vantage
