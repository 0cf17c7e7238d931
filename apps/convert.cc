// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "command_line.h"
#include "model_arguments.h"
#include "session.h"
#include "training_set_files.h"
#include "util/string.h"
#include "vantage/colmap.h"
#include "vantage/error.h"

namespace vantage::cli {
namespace {

namespace fs = std::filesystem;

class ConvertCommand : public Command {
 public:
  std::string Name() const override { return "convert"; }
  std::string Summary() const override {
    return "Write a model, sparse model or training set in another format";
  }

  void AddArguments(CommandLine& line) override {
    model_.AddModelTo(line, "IN",
                      "Model (.pth), folder of a COLMAP model, or training set (.db, or cirtorch's .pkl)");
    line.Positional("OUT", output_, "File or folder to write");
    line.Option(
        "--format", format_,
        "Of a model: checkpoint (cirtorch's schema), cosplace (bare weights as CosPlace and EigenPlaces "
        "publish them), safetensors, or weights (a trunk's, torchvision's names); of a COLMAP model: binary "
        "or text; "
        "default: checkpoint, or safetensors where OUT ends so, and binary");
    line.Option("--licence", licence_, "Licence of the weights, kept in the model");
    line.Example("vantage convert resnet50.pth model.pth --architecture resnet50 --pooling gem");
  }

  void Run(Session& session) override {
    CheckOutputs(session);
    if (IsTrainingSet()) {
      ConvertTrainingSet(model_.path, output_);
      session.PrintResult({{"output", output_}}, StrCat("written: ", output_, "\n"));
      return;
    }
    const bool sparse = fs::is_directory(model_.path);
    const std::string format = !format_.empty() ? format_ : sparse ? "binary" : DefaultFormat();
    if (sparse) {
      ConvertSparseModel(format);
    } else {
      ConvertModel(session, format);
    }
    session.PrintResult({{"output", output_}, {"format", format}},
                        StrCat("written: ", output_, " (", format, ")\n"));
  }

 private:
  void CheckOutputs(Session& session) const {
    const OutputRules rules = session.Rules({model_.path});
    const std::string extension = ToLower(fs::path(output_).extension().string());
    if (fs::is_directory(model_.path)) {
      CheckSparseFormat();
      return CheckOutputFolder(output_, rules);
    }
    if (IsTrainingSet()) {
      return CheckOutput(output_, extension == ".db" ? file_kinds::kSqlite : file_kinds::kPickle, rules);
    }
    const std::vector<std::string> known = Model::Formats();
    if (!format_.empty() && std::find(known.begin(), known.end(), format_) == known.end()) {
      throw UsageError(StrCat("unknown format '", format_, "' of a model; known are ", Join(known, ", ")));
    }
    const bool safetensors = (format_.empty() ? DefaultFormat() : format_) == "safetensors";
    CheckOutput(output_, safetensors ? file_kinds::kSafetensors : file_kinds::kCheckpoint, rules);
  }

  bool IsTrainingSet() const {
    const auto is_database = [](const fs::path& path) { return ToLower(path.extension().string()) == ".db"; };
    return is_database(model_.path) || is_database(output_);
  }

  std::string DefaultFormat() const {
    return ToLower(fs::path(output_).extension().string()) == ".safetensors" ? "safetensors" : "checkpoint";
  }

  void CheckSparseFormat() const {
    if (format_.empty() || format_ == "binary" || format_ == "text") return;
    throw UsageError(StrCat("--format: a COLMAP model is written as binary or text, not '", format_, "'"));
  }

  void ConvertSparseModel(const std::string& format) const {
    WriteColmapModel(ReadColmapModel(model_.path), output_,
                     format == "binary" ? ModelFormat::kBinary : ModelFormat::kText);
  }

  void ConvertModel(const Session& session, const std::string& format) const {
    Model model = model_.Read(session);
    if (!licence_.empty()) model.SetLicence(licence_);
    model.Write(output_, format);
  }

  ModelArguments model_;
  std::string output_;
  std::string format_;
  std::string licence_;
};

}  // namespace

std::unique_ptr<Command> MakeConvertCommand() { return std::make_unique<ConvertCommand>(); }

}  // namespace vantage::cli
