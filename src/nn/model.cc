// SPDX-License-Identifier: BSD-3-Clause
#include "vantage/model.h"

#include <utility>

#include "nn/device.h"
#include "nn/images_to_tensor.h"
#include "nn/model_file.h"
#include "util/rethrow.h"
#include "vantage/torch.h"

namespace vantage {

Model::Model(nn::ModelParts parts) : parts_(std::make_unique<nn::ModelParts>(std::move(parts))) {}
Model::~Model() = default;
Model::Model(const Model& other) : Model(other.parts()) {}
Model::Model(Model&& other) noexcept = default;
Model& Model::operator=(const Model& other) { return *this = Model(other); }
Model& Model::operator=(Model&& other) noexcept = default;

Model Model::Read(const std::filesystem::path& path, const NetWish& wanted,
                  const std::vector<std::string>& allow_missing) {
  return nn::ReadModel(path, wanted, allow_missing);
}

void Model::Write(const std::filesystem::path& path, const std::string& format) const {
  nn::WriteModelAs(*parts_, format, path);
}

int64_t Model::dimension() const { return parts_->net.dimension(); }
const DescriptorNetOptions& Model::net_options() const { return parts_->net.options(); }
const std::optional<Preprocessing>& Model::preprocessing() const { return parts_->preprocessing; }
std::optional<bool> Model::applies_exif_orientation() const { return parts_->applies_exif_orientation; }
const std::optional<Preprocessing>& Model::training_preprocessing() const {
  return parts_->training_preprocessing;
}
const std::vector<double>& Model::scales() const { return parts_->scales; }
const std::string& Model::licence() const { return parts_->licence; }
const std::string& Model::origin() const { return parts_->origin; }
const std::string& Model::file_sha256() const { return parts_->file_sha256; }
const std::map<std::string, ModelWhitening>& Model::whitenings() const { return parts_->whitenings; }
const std::string& Model::default_whitening() const { return parts_->default_whitening; }

void Model::SetLicence(const std::string& licence) {
  parts_->licence = licence;
  parts_->file_sha256.clear();
}

void Model::SetWhitening(const std::string& name, ModelWhitening whitening) {
  parts_->whitenings[name] = std::move(whitening);
  parts_->default_whitening = name;
  parts_->file_sha256.clear();
}

void Model::MoveTo(const std::string& device) try {
  parts_->net = parts_->net.On(nn::ParseDevice(device));
} catch (...) {
  RethrowAsError();
}

at::Tensor ImagesToTensor(const Model& model, const std::vector<Image>& images) try {
  const nn::DescriptorNet& net = model.parts().net;
  return nn::ImagesToTensor(images, net.normalization).to(net.device());
} catch (...) {
  RethrowAsError();
}

at::Tensor Forward(const Model& model, const at::Tensor& images_B3HW) try {
  return model.parts().net.Forward(images_B3HW);
} catch (...) {
  RethrowAsError();
}

}  // namespace vantage
