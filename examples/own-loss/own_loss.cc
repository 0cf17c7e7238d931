// SPDX-License-Identifier: BSD-3-Clause
// Trains as `vantage train` does, with a custom loss: the soft-margin triplet loss of Hermans, Beyer
// and Leibe ("In Defense of the Triplet Loss for Person Re-Identification", 2017, section 2), on cosines
// instead of distances. own_loss RECIPE FOLDER [KEY=VALUE...]
#include <ATen/ATen.h>
#include <vantage/error.h>
#include <vantage/options.h>
#include <vantage/run_context.h>
#include <vantage/torch.h>
#include <vantage/training.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

// [loss] kind = "soft_margin", and its options in [loss.soft_margin].
struct SoftMarginOptions {
  static constexpr const char* kKind = "soft_margin";
  double temperature = 0.07;
};

void Declare(vantage::OptionsDescription& description, SoftMarginOptions& options) {
  description.Add("temperature", options.temperature, "Divisor of differences of similarities").Above(0);
}

// The sum over a tuple's positives p and negatives n of log(1 + exp((<q, n> - <q, p>) / temperature)).
at::Tensor SoftMargin(const at::Tensor& descriptors_ND, const std::vector<vantage::TupleLabel>& labels,
                      double temperature) {
  std::vector<int64_t> positives, negatives;
  for (size_t i = 1; i < labels.size(); ++i)  // the first row is the query
    (labels[i] == vantage::TupleLabel::kPositive ? positives : negatives).push_back(static_cast<int64_t>(i));
  const at::Tensor similarities = descriptors_ND.mv(descriptors_ND[0]);
  const at::Tensor to_positives = similarities.index_select(0, at::tensor(positives));
  const at::Tensor to_negatives = similarities.index_select(0, at::tensor(negatives));
  return at::softplus((to_negatives.unsqueeze(0) - to_positives.unsqueeze(1)) / temperature).sum();
}

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s RECIPE FOLDER [KEY=VALUE...]\n", argv[0]);
    return 2;
  }
  vantage::KeepFreedMemory();
  try {
    vantage::RegisterLoss<SoftMarginOptions>(
        "Soft-margin triplets", [](const SoftMarginOptions& loss) -> vantage::TupleLoss {
          return {.forward = [temperature = loss.temperature](const vantage::LossInput& input) {
            return SoftMargin(input.descriptors_ND, input.labels_N, temperature);
          }};
        });

    // Everything else comes from the recipe, as for the command.
    vantage::TrainOptions options;
    vantage::OptionsDescription description;
    vantage::Declare(description, options);
    std::ifstream recipe(argv[1]);
    if (!recipe) throw vantage::Error(std::string(argv[1]) + ": cannot be opened");
    vantage::ReadToml(description, std::string(std::istreambuf_iterator<char>(recipe), {}), argv[1]);
    vantage::SetOption(description, "loss.kind", SoftMarginOptions::kKind, argv[0]);
    for (int i = 3; i < argc; ++i) {
      const std::string setting = argv[i];
      const size_t equals = setting.find('=');
      vantage::SetOption(description, setting.substr(0, equals),
                         equals == std::string::npos ? "" : setting.substr(equals + 1), setting);
    }
    const vantage::TrainResult result =
        vantage::Train(options, argv[2], /*resume=*/true, {}, [](const vantage::EpochMetrics& epoch) {
          if (epoch.epoch > 0)
            std::printf("epoch %d: loss %.4f\n", static_cast<int>(epoch.epoch), epoch.train_loss);
        });
    std::printf("%s\n", result.best_model.c_str());
    return 0;
  } catch (const vantage::Error& error) {
    std::fprintf(stderr, "own_loss: %s\n", error.what());
    return 1;
  }
}
