// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "serialize/json.h"
#include "tasks/descriptor_arguments.h"
#include "tasks/task.h"
#include "util/string.h"
#include "vantage/pipeline.h"

namespace vantage::tasks {
namespace {

class SearchCall : public TaskCall {
 public:
  SearchCall() {
    vantage::Declare(description_, task_.options);
    description_.Nest("index", task_.index,
                      "FAISS index, which finds most of the nearest; default: exact search");
  }

  void Declare(Arguments& arguments) override {
    arguments.Input("DATABASE", task_.database, "Descriptors (.npy, .h5); they may be larger than memory");
    arguments.Input("--queries", task_.queries,
                    "Descriptors of the queries; default: the database's own, each excluded from its list");
    DeclareReading(arguments, task_, "DATABASE");
    arguments.Option("-k", task_.k, "Results of each query");
    arguments.Output("-o,--output", task_.output,
                     "Ranked lists to write: .npy (rows of the database, a column a query), .csv, or .txt in "
                     "the format of Holidays");
    arguments.Require("--output");
    arguments.Input("--photos", task_.photos,
                    "Folder that the database's names are relative to, for --stage local");
    arguments.Input("--query-photos", task_.query_photos,
                    "Folder that the queries' names are relative to; default: that of --photos");
    arguments.Output("--index-file", task_.index_file,
                     "File of the index. Read if it exists, otherwise written");
    arguments.Option("--recall-queries", task_.recall_queries,
                     "Random queries to search exactly, to measure what the index misses; 0: none");
    arguments.Options(description_);
  }

  Result Run(const Call& call) override {
    task_.overwrite = call.common.overwrite;
    const SearchSummary summary = Search(task_, call.context);
    Result result = Result::Of({{"output", task_.output},
                                {"queries", summary.queries},
                                {"photos", summary.photos},
                                {"k", summary.k},
                                {"seconds", summary.seconds}});
    const double per_query = summary.seconds / static_cast<double>(std::max<int64_t>(1, summary.queries));
    result.Line("{k} nearest of {photos} photos for each of {queries} queries, " +
                FormatFixed(1000 * per_query, 2) + " ms a query: {output}");
    if (!summary.index) return result;
    const auto& [kind, reused, seconds, recall] = *summary.index;
    result.values["index"] = {{"kind", kind},
                              {"reused", reused},
                              {"seconds", seconds},
                              {"recall", serialize::NumberOrNull(recall)}};
    return result.Line(
        std::string("index {index.kind}, ") + (reused ? "read" : "built") + " in {index.seconds:time}" +
        (std::isnan(recall)
             ? ""
             : "; recall@" + std::to_string(task_.k) + " {index.recall:4} against exact search"));
  }

 private:
  SearchTask task_;
  OptionsDescription description_;
};

}  // namespace

Task SearchRow() {
  return {
      .name = "search",
      .section = Section::kRetrieval,
      .summary = "Find the nearest photos of each query in a database",
      .examples = {"vantage search database.npy --queries queries.npy -k 100 --stage alpha_qe -o ranks.csv",
                   "vantage search database.npy -k 20 --stage local:top=50 --photos photos/ -o ranks.csv",
                   "vantage search database.npy --queries queries.npy --index hnsw --index-file "
                   "database.faiss -o ranks.csv"},
      .make = MakeCall<SearchCall>};
}

}  // namespace vantage::tasks
