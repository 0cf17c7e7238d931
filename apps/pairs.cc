// SPDX-License-Identifier: BSD-3-Clause
#include <nlohmann/json.hpp>

#include "command_line.h"
#include "session.h"
#include "vantage/search/descriptor_database.h"
#include "vantage/search/pairs.h"
#include "vantage/util/error.h"
#include "vantage/util/file.h"

namespace vantage {
namespace {

using NamePairs = std::vector<std::pair<std::string, std::string>>;

class PairsCommand : public Command {
 public:
  PairsCommand() { Describe(description_, options_); }

  std::string Name() const override { return "pairs"; }
  std::string Summary() const override { return "Propose pairs of photos for COLMAP and hloc to match"; }

  void Declare(CommandLine& line) override {
    line.Positional("DATABASE", database_, "Descriptors (.npy, .h5) of the photos");
    line.Option("--queries", queries_,
                "Descriptors of query photos, each to be paired with its nearest of the database (hloc's "
                "localisation); default: pairs within the database");
    line.Option("-o,--output", output_, "Text file to write: two names a line", /*required=*/true);
    line.Options(description_);
    line.Example("vantage pairs descriptors.npy -k 20 -o pairs.txt");
  }

  void Run(Session& session) override {
    const NamePairs pairs = queries_.empty() ? WithinDatabase(session) : OfQueries(session);
    WriteFile(output_, FormatPairs(pairs));
    session.PrintResult({{"output", output_}, {"pairs", pairs.size()}},
                        StrCat(pairs.size(), " pairs: ", output_, "\n"));
  }

 private:
  NamePairs WithinDatabase(Session& session) const {
    const Descriptors photos = ReadDescriptors(database_).descriptors;
    NamePairs pairs;
    for (const auto& [a, b] : ProposePairs(photos, options_, session.context())) {
      pairs.emplace_back(photos.names[static_cast<size_t>(a)], photos.names[static_cast<size_t>(b)]);
    }
    return pairs;
  }

  NamePairs OfQueries(Session& session) const {
    if (options_.mutual || options_.sequential > 0) {
      throw UsageError("--mutual, --sequential: are of pairs within the database, not with --queries");
    }
    const DescriptorDatabase database(database_);
    const DescriptorFile queries = ReadDescriptors(queries_);
    CheckSameModel(queries.provenance, queries_, database.provenance(), database_);
    const auto neighbors =
        NearestNeighbors(queries.descriptors.values, database, options_.k, session.context());
    NamePairs pairs;
    for (size_t q = 0; q < neighbors.size(); ++q) {
      for (const Neighbor& neighbor : neighbors[q]) {
        if (static_cast<double>(neighbor.score) < options_.min_score) continue;
        pairs.emplace_back(queries.descriptors.names[q],
                           database.names()[static_cast<size_t>(neighbor.index)]);
      }
    }
    return pairs;
  }

  std::string database_;
  std::string queries_;
  std::string output_;
  PairOptions options_;
  OptionsDescription description_;
};

}  // namespace

std::unique_ptr<Command> MakePairsCommand() { return std::make_unique<PairsCommand>(); }

}  // namespace vantage
