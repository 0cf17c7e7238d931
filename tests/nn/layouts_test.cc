// SPDX-License-Identifier: BSD-3-Clause
#include "nn/layouts/layout.h"

#include <algorithm>
#include <map>
#include <optional>

#include "testing/files.h"
#include "testing/tensors.h"
#include "util/string.h"
#include "vantage/error.h"

namespace vantage::nn {
namespace {

using vantage::testing::FillByFormula;
using vantage::testing::TemporaryFolder;

class EachLayout : public ::testing::TestWithParam<std::string> {
 protected:
  static const LayoutRow& Row() {
    return *std::find_if(Layouts().begin(), Layouts().end(),
                         [](const LayoutRow& row) { return GetParam() == row.name; });
  }
};

TEST_P(EachLayout, IsReadOrWritten) {
  const LayoutRow& row = Row();
  EXPECT_EQ(row.recognise == nullptr, row.to_own == nullptr);
  EXPECT_EQ(row.format == nullptr, row.from_own == nullptr);
  EXPECT_EQ(row.format == nullptr, row.format_help == nullptr);
  EXPECT_TRUE(row.recognise != nullptr || row.format != nullptr);
}

// Takes the first trunk and head whose network has this form. All written tensors equal those of the network
// that is read back.
TEST_P(EachLayout, IsReadBackAsItIsWritten) {
  if (Row().format == nullptr) GTEST_SKIP() << "it is only read";
  const TemporaryFolder folder;
  std::vector<DescriptorNetOptions> networks;
  std::vector<std::string> heads = HeadFamily::Table().Names();
  heads.emplace_back("salad:output_dimension=16");
  for (const char* trunk : {"resnet18", "dinov2_vits14:blocks=1"}) {
    for (const std::string& head : heads) {
      networks.push_back({trunk, {}});
      SetChoice(networks.back().head, head, "test");
    }
  }
  for (const DescriptorNetOptions& network : networks) {
    std::optional<ModelParts> made;
    NamedTensors written;
    try {
      made.emplace(ModelParts{DescriptorNet(network)});
      written = Row().from_own(*made);
    } catch (const UsageError&) {
      continue;  // the trunk does not suit the head, or the network has no such form
    }
    const ModelParts& model = *made;
    const std::string head = NameOf(network);
    model.net.Visit(
        [](const std::string& name, const at::Tensor& tensor, TensorRole) { FillByFormula(name, tensor); });
    TensorShapes shapes;
    int64_t elements = 0;
    for (const auto& [name, tensor] : written) {
      shapes[name] = tensor.sizes().vec();
      elements += tensor.numel();
    }
    EXPECT_EQ(RecogniseLayout(shapes), Row().recognise == nullptr ? nullptr : &Row()) << head;
    WriteModelAs(model, Row().format, folder / "m.pth");
    const ModelParts read = ReadModel(folder / "m.pth", NetWish(model.net.options()));
    std::map<std::string, at::Tensor> tensors;
    read.net.Visit(
        [&](const std::string& name, const at::Tensor& tensor, TensorRole) { tensors[name] = tensor; });
    int64_t same = 0;  // elements
    model.net.Visit([&](const std::string& name, const at::Tensor& tensor, TensorRole) {
      if (tensors.at(name).equal(tensor)) same += tensor.numel();
    });
    EXPECT_GE(same, elements) << head;
    return;
  }
  FAIL() << "no network has such a form";
}

INSTANTIATE_TEST_SUITE_P(All, EachLayout, ::testing::ValuesIn([] {
                           std::vector<std::string> names;
                           for (const LayoutRow& row : Layouts()) names.emplace_back(row.name);
                           return names;
                         }()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace vantage::nn
