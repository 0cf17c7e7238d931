// SPDX-License-Identifier: BSD-3-Clause
#include "report/run_examples.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "serialize/json.h"
#include "util/check.h"
#include "util/file.h"
#include "util/rethrow.h"
#include "util/string.h"

namespace vantage::report {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kVersion = 1;
constexpr uint64_t kLargestFile = uint64_t{1} << 26;
constexpr char kBeginning[] = "epoch-";

json ToJson(const ExamplePhoto& photo) {
  json value = {{"path", photo.path}, {"scene", photo.scene}};
  if (!std::isnan(photo.distance)) value["distance"] = photo.distance;
  return value;
}

ExamplePhoto PhotoFromJson(const json& value) {
  ExamplePhoto photo{.path = value.at("path"), .scene = value.at("scene")};
  if (value.contains("distance")) photo.distance = value.at("distance");
  return photo;
}

RunExamples FromJson(const json& value) {
  RunExamples examples{.epoch = value.at("epoch"),
                       .photo_root = value.at("photos").get_ref<const std::string&>()};
  for (const json& entry : value.at("examples")) {
    RunExample& example = examples.examples.emplace_back();
    example.query = PhotoFromJson(entry.at("query"));
    example.positive = PhotoFromJson(entry.at("positive"));
    for (const json& negative : entry.at("negatives")) example.negatives.push_back(PhotoFromJson(negative));
  }
  return examples;
}

}  // namespace

fs::path ExamplesPath(const fs::path& run, int64_t epoch) {
  return run / "examples" / StrCat(kBeginning, FormatPadded(epoch, 4), ".json");
}

void WriteRunExamples(const RunExamples& examples, const fs::path& run) {
  json list = json::array();
  for (const RunExample& example : examples.examples) {
    json negatives = json::array();
    for (const ExamplePhoto& negative : example.negatives) negatives.push_back(ToJson(negative));
    list.push_back({{"query", ToJson(example.query)},
                    {"positive", ToJson(example.positive)},
                    {"negatives", std::move(negatives)}});
  }
  const json value = {{"version", kVersion},
                      {"epoch", examples.epoch},
                      {"photos", PathFrom(run, examples.photo_root)},
                      {"examples", std::move(list)}};
  // Names of files may not be UTF-8.
  WriteFile(ExamplesPath(run, examples.epoch),
            value.dump(1, ' ', false, json::error_handler_t::replace) + "\n");
}

RunExamples ReadRunExamples(const fs::path& run, int64_t epoch) try {
  const std::string source = ExamplesPath(run, epoch).string();
  const json value = serialize::ParseJson(ReadFile(source, kLargestFile), source);
  try {
    VANTAGE_CHECK(value.at("version") == kVersion, source, ": version ", value.at("version").dump(),
                  "; this program reads ", kVersion);
    RunExamples examples = FromJson(value);
    VANTAGE_CHECK(examples.epoch == epoch, source, ": holds examples of epoch ", examples.epoch);
    examples.photo_root = run / examples.photo_root;
    return examples;
  } catch (const json::exception& error) {
    throw Error(StrCat(source, ": ", PlainReason(error)));
  }
} catch (...) {
  RethrowAsError();
}

std::vector<int64_t> EpochsWithExamples(const fs::path& run) try {
  std::vector<int64_t> epochs;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(run / "examples", error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kBeginning)) continue;
    int64_t epoch = 0;
    std::from_chars(name.data() + std::string_view(kBeginning).size(), name.data() + name.size(), epoch);
    if (entry.path() == ExamplesPath(run, epoch)) epochs.push_back(epoch);
  }
  std::sort(epochs.begin(), epochs.end());
  return epochs;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage::report
