// SPDX-License-Identifier: BSD-3-Clause
#include "nn/recomputed.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>

namespace vantage::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr const char* kSaved = "saved";

struct SavedPass : torch::CustomClassHolder {
  SavedPass(at::Tensor saved_x, std::vector<at::Tensor> saved_trained, const PassContext& context,
            OfPass function)
      : x(std::move(saved_x)),
        trained(std::move(saved_trained)),
        images(context.images.begin(), context.images.end()),
        pass(context),
        compute(std::move(function)) {
    pass.seen = nullptr;
    pass.images = images;
  }

  at::Tensor x;
  std::vector<at::Tensor> trained;
  std::vector<uint64_t> images;
  PassContext pass;
  OfPass compute;
};

// Calls autograd::grad in the backward pass, not backward(), which would add to the leaves' .grad.
struct RecomputedFunction : torch::autograd::Function<RecomputedFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, at::TensorList trained,
                            const PassContext& pass, const OfPass& compute) {
    context->saved_data[kSaved] =
        c10::IValue::make_capsule(c10::make_intrusive<SavedPass>(x, trained.vec(), pass, compute));
    return compute(x, pass).detach();  // a variable of its own, even if compute returns x
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = c10::static_intrusive_pointer_cast<SavedPass>(context->saved_data[kSaved].toCapsule());
    const at::AutoGradMode with_graph(true);
    const at::Tensor x = saved->x.detach().requires_grad_(saved->x.requires_grad());
    variable_list inputs = saved->trained;
    if (x.requires_grad()) inputs.insert(inputs.begin(), x);
    const at::Tensor y = saved->compute(x, saved->pass);
    variable_list by_input(inputs.size());
    if (y.requires_grad()) {  // not if both branches of a block are left out
      by_input = torch::autograd::grad({y}, inputs, {gradients[0]}, /*retain_graph=*/false,
                                       /*create_graph=*/false, /*allow_unused=*/true);
    }
    if (!x.requires_grad()) by_input.insert(by_input.begin(), at::Tensor());
    by_input.resize(by_input.size() + 2);  // for `pass` and `compute`
    return by_input;
  }
};

}  // namespace

at::Tensor Recomputed(const at::Tensor& x, const std::vector<at::Tensor>& trained, const PassContext& pass,
                      const OfPass& compute) {
  if (trained.empty() && !x.requires_grad()) return compute(x, pass);
  return RecomputedFunction::apply(x, at::TensorList(trained), pass, compute);
}

}  // namespace vantage::nn
