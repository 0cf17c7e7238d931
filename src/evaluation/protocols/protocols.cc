// SPDX-License-Identifier: BSD-3-Clause
#include "evaluation/protocols/protocols.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "util/rethrow.h"
#include "util/string.h"
#include "vantage/error.h"
#include "vantage/photos.h"

namespace vantage {
namespace {

// Guards RegisteredProtocols.
std::mutex protocols_mutex;

std::vector<std::function<Protocol()>>& RegisteredProtocols() {
  static std::vector<std::function<Protocol()>> registered;
  return registered;
}

std::vector<OptionField> OptionsOf(const Protocol& protocol) {
  OptionsDescription description;
  if (protocol.declare) protocol.declare(description);
  return description.fields();
}

// Throws UsageError if another protocol's own options are set.
void CheckOptionsOfOthers(const std::vector<Protocol>& protocols, const Protocol& chosen) {
  for (const Protocol& as_made : Protocols()) {
    const auto given = std::find_if(protocols.begin(), protocols.end(),
                                    [&](const Protocol& protocol) { return protocol.name == as_made.name; });
    if (given == protocols.end() || given->name == chosen.name) continue;
    const std::vector<OptionField> defaults = OptionsOf(as_made);
    const std::vector<OptionField> values = OptionsOf(*given);
    for (size_t i = 0; i < defaults.size(); ++i) {
      if (values[i].ValueText() != defaults[i].ValueText())
        throw UsageError(
            StrCat(values[i].key, ": is an option of the benchmark ", given->name, ", not of ", chosen.name));
    }
  }
}

}  // namespace

std::vector<Protocol> Protocols() {
  std::vector<Protocol> protocols;
  {
    const std::scoped_lock lock(protocols_mutex);
    for (const auto& make : RegisteredProtocols()) protocols.push_back(make());
  }
  for (const auto make : evaluation::kProtocols) protocols.push_back(make());
  return protocols;
}

void RegisterProtocol(std::function<Protocol()> make) {
  const Protocol protocol = make();
  if (protocol.name.empty() || !protocol.read || protocol.judging.figures.empty())
    throw UsageError("a benchmark protocol needs a name, a function that reads it, and a figure");
  for (const Protocol& known : Protocols()) {
    if (known.name == protocol.name)
      throw UsageError(StrCat("there is a benchmark protocol '", protocol.name, "' already"));
  }
  const std::scoped_lock lock(protocols_mutex);
  RegisteredProtocols().push_back(std::move(make));
}

Protocol ChooseProtocol(const std::vector<Protocol>& protocols, const std::string& name,
                        const std::filesystem::path& folder) try {
  const auto chosen = std::find_if(protocols.begin(), protocols.end(), [&](const Protocol& protocol) {
    return name.empty() ? protocol.recognises && protocol.recognises(folder) : protocol.name == name;
  });
  if (chosen != protocols.end()) {
    CheckOptionsOfOthers(protocols, *chosen);
    return *chosen;
  }
  std::vector<std::string> names;
  for (const Protocol& protocol : protocols) names.push_back(protocol.name);
  throw UsageError(StrCat("benchmark '", name, "' is not one of ", Join(names, ", ")));
} catch (...) {
  RethrowAsError();
}

PhotoFinder evaluation::PhotosOf(const BenchmarkSource& source) {
  return source.photos ? source.photos() : FindPhotosIn(source.folder);
}

std::filesystem::path evaluation::GroundTruthOf(const BenchmarkSource& source) {
  return source.ground_truth.empty() ? source.folder : source.ground_truth;
}

}  // namespace vantage
