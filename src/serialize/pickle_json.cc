// SPDX-License-Identifier: BSD-3-Clause
#include <nlohmann/json.hpp>

#include "serialize/pickle.h"
#include "util/check.h"

namespace vantage::serialize {
namespace {

using nlohmann::json;
using Kind = PickleValue::Kind;

constexpr int kMaxPickleDepth = 64;
// Counts shared values as often as the result repeats them.
constexpr int64_t kMaxPickleValues = 1'000'000;
constexpr int64_t kMaxArray = 1024;

class PickleConverter {
 public:
  explicit PickleConverter(const std::string& what) : what_(what) {}

  json Convert(const PickleValue& value, int depth = 0) {
    VANTAGE_CHECK(++values_ <= kMaxPickleValues && depth <= kMaxPickleDepth, what_,
                  ": too many values or levels, or a value that holds itself");
    switch (value.kind) {
      case Kind::kBool:
        return value.integer != 0;
      case Kind::kInt:
        return value.integer;
      case Kind::kFloat:
        return value.number;
      case Kind::kString:
        return value.text;
      case Kind::kList:
      case Kind::kTuple: {
        json list = json::array();
        for (const PickleValue* item : value.items) list.push_back(Convert(*item, depth + 1));
        return list;
      }
      case Kind::kDict: {
        json object = json::object();
        for (size_t i = 0; i + 1 < value.items.size(); i += 2) {
          if (value.items[i]->is(Kind::kString))
            object[value.items[i]->text] = Convert(*value.items[i + 1], depth + 1);
        }
        return object;
      }
      case Kind::kObject:
        return ConvertObject(value);
      default:
        return nullptr;
    }
  }

 private:
  json ConvertObject(const PickleValue& value) const {
    if (IsNumpyScalar(value)) return ToNumber(value, what_);
    if (!IsNumpyArray(value)) return nullptr;
    const NpyArray array = ToNumpyArray(value, what_);
    if (array.shape.size() != 1 || array.size() > kMaxArray) return nullptr;
    return array.As<double>();
  }

  std::string what_;
  int64_t values_ = 0;
};

}  // namespace

json ToJson(const PickleValue& value, const std::string& what) {
  return PickleConverter(what).Convert(value);
}

}  // namespace vantage::serialize
