// SPDX-License-Identifier: BSD-3-Clause
// Retrieves, then verifies: the photos nearest to a query with the features that they share with it.
// verify MODEL QUERY PHOTO...
#include <vantage/describer.h>
#include <vantage/error.h>
#include <vantage/index.h>
#include <vantage/matching.h>
#include <vantage/run_context.h>
#include <vantage/training_set.h>

#include <cstdio>

// All names of vantage, unqualified: a name of two things would not compile.
using namespace vantage;

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  KeepFreedMemory();
  try {
    const Describer describer = Describer::Load(argv[1]);
    Index index(describer.dimension(), describer.model_sha256());
    for (int i = 3; i < argc; ++i) index.Add(argv[i], describer.Describe(ReadImage(argv[i])));

    const LocalFeatures of_query = DetectFeatures(ReadImage(argv[2]), {});
    PhotoMatcher matcher({}, {});
    for (const Match& match : index.Query(describer.Describe(ReadImage(argv[2])), argc)) {
      const GeometricMatch verified = MatchFeatures(of_query, DetectFeatures(ReadImage(match.id), {}), {});
      std::printf("%s %zu %d\n", match.id.c_str(), verified.inliers.size(),
                  static_cast<int>(matcher.Inliers(argv[2], match.id)));
    }
    return IndexOf(PhotoId{0}) == 0 ? 0 : 1;
  } catch (const Error& error) {
    std::fprintf(stderr, "verify: %s\n", error.what());
    return 1;
  }
}
