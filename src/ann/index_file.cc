// SPDX-License-Identifier: BSD-3-Clause
#include <faiss/impl/FaissException.h>
#include <faiss/impl/io.h>
#include <faiss/index_io.h>

#include <new>
#include <nlohmann/json.hpp>

#include "ann/database_identity.h"
#include "ann/state.h"
#include "config/options_json.h"
#include "descriptors/provenance_json.h"
#include "serialize/json.h"
#include "util/check.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/rethrow.h"
#include "util/string.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kVersion = 1;

fs::path SidecarOf(const fs::path& path) { return path.string() + ".json"; }

// The kind and the options that the index is built with.
json AsJson(IndexChoice options) {
  OptionsDescription description;
  options.DeclareOptions(description);
  json facts = ToJson(description);
  for (const std::string& key : ann::RowOf(options).search_keys) facts.erase(key);
  facts["kind"] = options.kind();
  return facts;
}

class Writer : public faiss::IOWriter {
 public:
  explicit Writer(const fs::path& path) : file_(path) { name = path.string(); }

  size_t operator()(const void* data, size_t size, size_t count) override {
    file_.Write(data, size * count);
    digest_.Add({static_cast<const char*>(data), size * count});
    return count;
  }

  AtomicFile& file() { return file_; }
  std::string Hash() { return digest_.Hex(); }

 private:
  AtomicFile file_;
  Sha256Digest digest_;
};

class Reader : public faiss::IOReader {
 public:
  explicit Reader(const fs::path& path) : file_(path) { name = path.string(); }

  size_t operator()(void* data, size_t size, size_t count) override {
    file_.ReadAt(offset_, data, size * count);
    offset_ += size * count;
    return count;
  }

 private:
  InputFile file_;
  uint64_t offset_ = 0;
};

// Reads the index with FAISS. Throws Error naming the file.
std::unique_ptr<faiss::Index> ReadIndex(const fs::path& path) {
  try {
    Reader reader(path);
    return std::unique_ptr<faiss::Index>(faiss::read_index(&reader));
  } catch (const faiss::FaissException& error) {
    throw Error(StrCat(path.string(), ": not an index: ", error.what()));
  } catch (const std::bad_alloc&) {
    throw Error(StrCat(path.string(), ": there is not enough memory for it"));
  } catch (const std::length_error&) {
    throw Error(StrCat(path.string(), ": is damaged"));
  }
}

void CheckBytes(const json& facts, const fs::path& path) {
  const InputFile file(path);
  VANTAGE_CHECK(facts.at("bytes") == file.size() && facts.at("sha256") == Sha256OfFile(path), path.string(),
                ": is damaged, or not the file that ", SidecarOf(path).string(),
                " describes; delete both to build the index again");
}

void CheckOptionsOf(const json& facts, const IndexChoice& options, const fs::path& path) {
  const json wanted = AsJson(options);
  const std::string& kind = facts.at("options").at("kind").get_ref<const std::string&>();
  VANTAGE_CHECK(kind == options.kind(), path.string(), ": was built with kind ", kind, ", not ",
                options.kind(), "; name another file to build with that");
  for (const auto& [key, value] : wanted.items()) {
    VANTAGE_CHECK(facts.at("options").at(key) == value, path.string(), ": was built with ", key, " ",
                  facts.at("options").at(key).dump(), ", not ", value.dump(),
                  "; name another file to build with that");
  }
}

}  // namespace

void ApproximateIndex::Save(const fs::path& path) const try {
  for (const fs::path& file : {path, SidecarOf(path)}) RemoveAbandonedFiles(file);
  Writer writer(path);
  try {
    faiss::write_index(state_->index.get(), &writer);
  } catch (const faiss::FaissException& error) {
    throw Error(StrCat(path.string(), ": cannot be written: ", error.what()));
  }
  const json facts = {{"version", kVersion},
                      {"options", AsJson(state_->options)},
                      {"bytes", writer.file().size()},
                      {"sha256", writer.Hash()},
                      {"database", state_->identity}};
  // Both files are complete before either is renamed. If the process ends between the two renames, the
  // sidecar's checksum does not match the index, and reading fails.
  AtomicFile sidecar(SidecarOf(path));
  sidecar.Write(facts.dump(1) + "\n");
  sidecar.Flush();
  writer.file().Commit();
  sidecar.Commit();
} catch (...) {
  RethrowAsError();
}

ApproximateIndex ApproximateIndex::Load(const fs::path& path, const DescriptorDatabase& database,
                                        const IndexChoice& options) try {
  const std::string sidecar = SidecarOf(path).string();
  for (const fs::path& half : {path, SidecarOf(path)}) {
    VANTAGE_CHECK(fs::exists(half), half.string(), ": is missing; an index is two files, ", path.string(),
                  " and ", sidecar,
                  "; restore the missing one, or delete the other to build the index again");
  }
  auto state = std::make_unique<State>(options, database);
  const json facts = serialize::ParseJson(ReadFile(sidecar), sidecar);
  try {
    VANTAGE_CHECK(facts.at("version") == kVersion, sidecar, ": has version ", facts.at("version").dump(),
                  ", this program reads ", kVersion);
    ann::CheckIdentity(facts.at("database"), database, path.string());
    CheckOptionsOf(facts, state->options, path);
    CheckBytes(facts, path);
    state->identity = facts.at("database");
  } catch (const json::exception& error) {
    throw Error(StrCat(sidecar, ": ", PlainReason(error)));
  }
  state->index = ReadIndex(path);
  VANTAGE_CHECK(state->index->ntotal == database.size() && state->index->d == database.dimension() &&
                    state->index->metric_type == ann::kMetric && state->index->is_trained &&
                    state->type->IsTypeOf(*state->index),
                path.string(), ": is not the index that ", sidecar, " describes");
  return ApproximateIndex(std::move(state));
} catch (...) {
  RethrowAsError();
}

ObtainedIndex ObtainIndex(const fs::path& path, const DescriptorDatabase& database,
                          const IndexChoice& options, const RunContext& context) try {
  if (!path.empty() && (fs::exists(path) || fs::exists(SidecarOf(path)))) {
    return {ApproximateIndex::Load(path, database, options), true};
  }
  ObtainedIndex obtained{ApproximateIndex::Build(database, options, context)};
  if (!path.empty()) obtained.index.Save(path);
  return obtained;
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage
