// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "command_line.h"
#include "evaluation/described_photos.h"
#include "serialize/json.h"
#include "session.h"
#include "util/check.h"
#include "util/file.h"
#include "util/index.h"
#include "vantage/colmap.h"
#include "vantage/descriptors.h"
#include "vantage/evaluation.h"
#include "vantage/search.h"
#include "vantage/training_set.h"

namespace vantage::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using NamePairs = std::vector<NamePair>;

std::string PercentOrDash(double share) { return std::isnan(share) ? "-" : FormatFixed(100 * share, 1); }

class PairsCommand : public Command {
 public:
  PairsCommand() {
    Declare(description_, options_);
    Declare(description_, recall_);
  }

  std::string Name() const override { return "pairs"; }
  std::string Summary() const override { return "Propose pairs of photos for COLMAP and hloc to match"; }

  void AddArguments(CommandLine& line) override {
    line.Positional("DATABASE", database_, "Descriptors (.npy, .h5) of the photos");
    line.Option("--queries", queries_,
                "Descriptors of query photos, each to be paired with its nearest of the database (hloc's "
                "localisation); default: pairs within the database");
    line.Option("-o,--output", output_, "Text file to write: two names a line");
    line.Option(
        "--covisible", covisible_,
        "Folder of sparse models of these photos (COLMAP's, or scenes of vantage reconstruct): also say how "
        "many of the pairs that see the same points are proposed, by k");
    line.Option(
        "--against", against_,
        "With --covisible: pairs that another program matched, two names a line or a COLMAP database, to be "
        "measured beside (may be repeated)");
    line.Options(description_);
    line.Example("vantage pairs descriptors.npy -k 20 -o pairs.txt");
    line.Example("vantage pairs descriptors.npy --covisible models/ --against models/castle/database.db");
  }

  void Run(Session& session) override {
    if (output_.empty() && covisible_.empty())
      throw UsageError("-o: where to write the pairs, or --covisible");
    if (!output_.empty()) {
      CheckOutput(output_, file_kinds::kText, session.Rules({database_, queries_, covisible_}));
    }
    if (covisible_.empty() && !against_.empty()) throw UsageError("--against: goes with --covisible");
    if (!queries_.empty()) {
      if (!covisible_.empty())
        throw UsageError("--covisible: is of pairs within the database, not with --queries");
      Write(OfQueries(session), session, json::object(), "");
      return;
    }
    const Descriptors photos = ReadDescriptors(database_).descriptors;
    WarnUnlessUnitLength(photos.values, database_);
    if (!output_.empty()) CheckPairNames(photos.names);
    json recall = json::object();
    std::string table;
    if (!covisible_.empty()) table = Measure(photos, session, recall);
    Write(WithinDatabase(photos, session), session, recall, table);
  }

 private:
  // A list of pairs and how much of what is covisible it holds.
  struct Row {
    std::string name;
    PairRecall recall;
    int64_t left_out = 0;  // pairs of photos without a descriptor
  };

  // What sparse models say of the photos.
  struct Covisible {
    std::vector<RowPair> rows;
    int64_t photos = 0;                           // of the models
    std::vector<std::string> without_descriptor;  // of these, with their scene
  };

  Covisible ReadCovisible(const evaluation::DescribedPhotos& described) const {
    Covisible covisible;
    const auto add = [&](const Reconstruction& model, const std::string& scene) {
      for (const auto& [id, image] : model.images) {
        ++covisible.photos;
        if (described.Row(image.name, scene)) continue;
        covisible.without_descriptor.push_back(scene.empty() ? image.name : StrCat(scene, "/", image.name));
      }
      NamePairs pairs;
      for (const CovisiblePair& pair : CovisiblePairs(model, recall_.min_shared_points)) {
        pairs.emplace_back(pair.a, pair.b);
      }
      const std::vector<RowPair> more = described.Rows(pairs, scene);
      covisible.rows.insert(covisible.rows.end(), more.begin(), more.end());
    };
    if (IsColmapModel(covisible_)) {
      add(ReadColmapModel(covisible_), "");
    } else {
      for (const SceneModels& scene : ReadScenes(covisible_, "", std::nullopt)) {
        for (const SparseModel& model : scene.models) add(model.reconstruction, scene.name);
      }
    }
    const std::vector<std::string>& missing = covisible.without_descriptor;
    VANTAGE_CHECK(missing.empty() || std::ssize(missing) < covisible.photos, database_,
                  ": no descriptor of any photo of ", covisible_, ": ", SomeOf(missing),
                  "; the names start from another folder");
    VANTAGE_CHECK(!covisible.rows.empty(), covisible_, ": no two photos that have a descriptor share ",
                  recall_.min_shared_points, " points");
    return covisible;
  }

  // Fills `result` and returns the same as text.
  std::string Measure(const Descriptors& photos, Session& session, json& result) const {
    const evaluation::DescribedPhotos described(photos);
    const Covisible covisible = ReadCovisible(described);
    std::vector<Row> others;  // first: what cannot be read is known before pairs are looked for
    for (const std::string& path : against_) {
      const NamePairs pairs = IsColmapDatabase(path) ? ReadMatchedPairs(path) : ReadNamePairs(path);
      const std::string scene = fs::absolute(path).parent_path().filename().string();
      const std::vector<RowPair> known = described.Rows(pairs, scene);
      VANTAGE_CHECK(pairs.empty() || !known.empty(), path, ": no pair of photos that have a descriptor in ",
                    database_);
      others.push_back({path, RecallOfPairs(known, covisible.rows, photos.size()),
                        static_cast<int64_t>(pairs.size() - known.size())});
    }
    std::vector<Row> rows;
    for (const auto& [k, recall] : RecallByK(photos, covisible.rows, options_, session.context())) {
      rows.push_back({StrCat("k = ", k), recall, 0});
    }
    rows.insert(rows.end(), others.begin(), others.end());
    result = {{"recall", ToJson(rows)},
              {"exhaustive", rows[0].recall.exhaustive},
              {"model_photos", covisible.photos},
              {"without_descriptor", covisible.without_descriptor}};
    std::string text = ToTable(rows);
    const std::vector<std::string>& missing = covisible.without_descriptor;
    if (!missing.empty()) {
      text += StrCat(missing.size(), " of the models' ", covisible.photos,
                     " photos have no descriptor, their pairs are left out: ", SomeOf(missing), "\n");
    }
    for (const Row& row : rows) {
      if (row.left_out > 0) {
        text += StrCat(row.name, ": ", row.left_out, " pairs of photos without a descriptor are left out\n");
      }
    }
    return text;
  }

  static json ToJson(const std::vector<Row>& rows) {
    json result = json::array();
    for (const auto& [name, recall, left_out] : rows) {
      result.push_back({{"name", name},
                        {"left_out", left_out},
                        {"pairs", recall.pairs},
                        {"covisible", recall.covisible},
                        {"found", recall.found},
                        {"recall", serialize::NumberOrNull(recall.Recall())},
                        {"precision", serialize::NumberOrNull(recall.Precision())},
                        {"saved", serialize::NumberOrNull(recall.Saved())}});
    }
    return result;
  }

  static std::string ToTable(const std::vector<Row>& rows) {
    std::vector<std::vector<std::string>> table = {
        {"pairs of", "number", "recall %", "precision %", "saved %"}};
    for (const auto& [name, recall, left_out] : rows) {
      table.push_back({name, std::to_string(recall.pairs), PercentOrDash(recall.Recall()),
                       PercentOrDash(recall.Precision()), PercentOrDash(recall.Saved())});
    }
    return StrCat(rows[0].recall.covisible, " covisible pairs of ", rows[0].recall.exhaustive, "\n",
                  FormatTable(table));
  }

  void Write(const NamePairs& pairs, Session& session, json result, const std::string& table) const {
    result["pairs"] = pairs.size();
    std::string text = table;
    if (!output_.empty()) {
      WriteFile(output_, FormatPairs(pairs));
      result["output"] = output_;
      text += StrCat(pairs.size(), " pairs: ", output_, "\n");
    }
    session.PrintResult(result, text);
  }

  NamePairs WithinDatabase(const Descriptors& photos, Session& session) const {
    NamePairs pairs;
    for (const auto& [a, b] : ProposePairs(photos, options_, session.context())) {
      pairs.emplace_back(photos.names[ToIndex(a)], photos.names[ToIndex(b)]);
    }
    return pairs;
  }

  NamePairs OfQueries(Session& session) const {
    const DescriptorDatabase database(database_);
    const DescriptorFile queries = ReadDescriptors(queries_);
    CheckComparable(queries.provenance, queries_, database.provenance(), database_);
    WarnUnlessUnitLength(queries.descriptors.values, queries_);
    if (!output_.empty()) {
      CheckPairNames(queries.descriptors.names);
      CheckPairNames(database.names());
    }
    return ProposeQueryPairs(queries.descriptors, database, options_, session.context());
  }

  std::string database_;
  std::string queries_;
  std::string output_;
  std::string covisible_;
  std::vector<std::string> against_;
  PairOptions options_;
  PairRecallOptions recall_;
  OptionsDescription description_;
};

}  // namespace

std::unique_ptr<Command> MakePairsCommand() { return std::make_unique<PairsCommand>(); }

}  // namespace vantage::cli
