// SPDX-License-Identifier: BSD-3-Clause
#include "serialize/pickle.h"

#include "fuzz/harness.h"
#include "vantage/error.h"

namespace {

// Each typed reader may refuse each value.
template <typename Read>
void Try(const Read& read) {
  try {
    read();
  } catch (const vantage::Error&) {
  }
}

}  // namespace

// One pickle, whose first objects and lists are read as every type.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace vantage;
  using Kind = serialize::PickleValue::Kind;
  const std::string_view bytes = fuzz::View(data, size);
  fuzz::Run(bytes, {.bytes_per_byte = 512, .fixed = 64 << 10}, [&] {
    std::vector<std::string> globals = serialize::NumpyGlobals();
    globals.emplace_back("collections.OrderedDict");
    // As data of a training set, then as a checkpoint's, where other globals are opaque.
    Try([&] { const serialize::PickleDocument strict(bytes, {"input", globals}); });
    const serialize::PickleDocument document(
        bytes, {.source = "input", .allowed_globals = globals, .keeps_unknown = true});
    int tries = 100;  // for the sake of speed
    document.ForEach([&](const serialize::PickleValue& value) {
      serialize::KindName(value);
      value.Find("train");
      if (!value.is(Kind::kObject) && !value.is(Kind::kList) && !value.is(Kind::kTuple)) return;
      if (tries-- <= 0) return;
      Try([&] { serialize::ToInteger(value, "value"); });
      Try([&] { serialize::ToNumber(value, "value"); });
      Try([&] { serialize::ToIntegers(value, "value"); });
      Try([&] { serialize::ToNumbers(value, "value"); });
      Try([&] { serialize::ToTexts(value, "value"); });
      Try([&] { serialize::ToNumpyArray(value, "value"); });
    });
  });
  return 0;
}
