// SPDX-License-Identifier: BSD-3-Clause
#include "nn/fill_net.h"

#include <algorithm>
#include <map>
#include <vector>

#include "nn/intra_op_threads.h"
#include "nn/torch_value.h"
#include "util/check.h"
#include "util/cpu.h"
#include "util/index.h"
#include "util/log.h"
#include "util/parallel.h"
#include "vantage/run_context.h"

namespace vantage::nn {
namespace {

// The tensors that an error or a log line is about. It names the first ones.
class TensorList {
 public:
  void Add(const std::string& name, const std::string& shape) {
    constexpr size_t kMostNamed = 3;
    if (++count_ <= kMostNamed) named_.push_back(StrCat("'", name, "' ", shape));
  }
  bool empty() const { return count_ == 0; }

  // "5 unknown tensors: 'a' (3), 'b' (4 x 4), 'c' (3) and 2 more"
  std::string Text(const std::string& adjective) const {
    const std::string more = count_ > named_.size() ? StrCat(" and ", count_ - named_.size(), " more") : "";
    return StrCat(count_, adjective.empty() ? "" : " ", adjective,
                  count_ == 1 ? " tensor: " : " tensors: ", Join(named_, ", "), more);
  }

 private:
  std::vector<std::string> named_;
  size_t count_ = 0;
};

bool StartsWithAny(const std::string& name, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return name.starts_with(prefix); });
}

// Reads the named tensors in parallel, and puts them into the network.
void Read(const ModelSource& source, const std::map<std::string, const SourceTensor*>& wanted,
          DescriptorNet& net) {
  std::vector<const SourceTensor*> entries;
  std::vector<at::ScalarType> types;
  net.Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) {
    const auto found = wanted.find(name);
    if (found == wanted.end()) return;
    entries.push_back(found->second);
    types.push_back(tensor.scalar_type());
  });
  std::vector<at::Tensor> tensors(entries.size());
  const IntraOpThreads one_thread(1);
  ParallelFor(std::ssize(entries), source.reads_in_parallel ? UsableProcessors() : 1, [&](int64_t i) {
    one_thread.Enter();
    tensors[ToIndex(i)] = ToTensor(*entries[ToIndex(i)]).to(types[ToIndex(i)]);
  });
  size_t next = 0;
  net.Replace([&](const std::string& name, at::Tensor& tensor, TensorRole) {
    if (wanted.contains(name)) tensor = std::move(tensors[next++]);
  });
}

}  // namespace

at::Tensor ToTensor(const SourceTensor& tensor) { return MakeTensor(tensor.type, tensor.shape, tensor.read); }

bool FillNet(const ModelSource& source, bool is_trunk_only, const std::vector<std::string>& allow_missing,
             DescriptorNet& net) {
  std::map<std::string, const SourceTensor*> unused;  // by the network's names
  for (const SourceTensor& tensor : source.tensors) {
    const SourceTensor*& place = unused[net.NameOfTrunk(CurrentName(tensor.name))];
    VANTAGE_CHECK(place == nullptr, source.path, ": '", place->name, "' and '", tensor.name,
                  "' are names of one tensor");
    place = &tensor;
  }

  TensorList missing;
  TensorList misshapen;
  TensorList kept;
  std::map<std::string, const SourceTensor*> found_tensors;
  bool is_complete = true;
  net.Replace([&](const std::string& name, at::Tensor& tensor, TensorRole) {
    const auto found = unused.find(name);
    if (found == unused.end()) {
      const bool may_be_missing = StartsWithAny(name, allow_missing);
      const bool is_known = name.ends_with("num_batches_tracked") ||
                            (is_trunk_only && StartsWithAny(name, net.head_row().made_by_training));
      is_complete = is_complete && is_known;
      if (!is_known) (may_be_missing ? kept : missing).Add(name, serialize::ShapeText(tensor.sizes().vec()));
      return;
    }
    const SourceTensor& entry = *found->second;
    unused.erase(found);
    if (tensor.sizes() != at::IntArrayRef(entry.shape)) {
      misshapen.Add(entry.name, StrCat(serialize::ShapeText(entry.shape), " for ",
                                       serialize::ShapeText(tensor.sizes().vec())));
    } else {
      found_tensors[name] = &entry;
    }
  });

  TensorList unknown;
  TensorList left_out;
  for (const auto& [name, tensor] : unused) {
    const bool may_be_unknown = StartsWithAny(tensor->name, net.trunk().row().classifier_prefixes) ||
                                StartsWithAny(tensor->name, allow_missing) ||
                                StartsWithAny(name, allow_missing);
    (may_be_unknown ? left_out : unknown).Add(tensor->name, serialize::ShapeText(tensor->shape));
  }
  const std::string what = StrCat(source.path, ": as a ", NameOf(net.options()));
  std::string in_place;  // of tensors
  for (const auto& [name, error] : source.unreadable) in_place += StrCat("; ", error);
  VANTAGE_CHECK(missing.empty(), what, " it lacks ", missing.Text(""), in_place);
  VANTAGE_CHECK(misshapen.empty(), what, " it has ", misshapen.Text("misshapen"));
  VANTAGE_CHECK(unknown.empty(), what, " it has ", unknown.Text("unknown"));
  if (!left_out.empty()) LogInfo(source.path, ": left out: ", left_out.Text(""));
  if (!kept.empty())
    LogInfo(source.path, ": missing, so that they keep their initial values: ", kept.Text(""));
  Read(source, found_tensors, net);
  return is_complete;
}

}  // namespace vantage::nn
