// SPDX-License-Identifier: BSD-3-Clause
#include "tasks/model_arguments.h"
#include "tasks/task.h"
#include "vantage/pipeline.h"

namespace vantage::tasks {
namespace {

class ServeCall : public TaskCall {
 public:
  ServeCall() : model_(task_.model) {
    vantage::Declare(server_, task_.server);
    vantage::Declare(descriptor_, task_.descriptor);
    vantage::Declare(search_, task_.search);
  }

  void Declare(Arguments& arguments) override {
    model_.Declare(arguments, "MODEL", "Model that made the descriptors");
    arguments.Input("DATABASE", task_.database, "Descriptors (.npy, .h5); they are read into memory");
    arguments.Input("--photos", task_.photos, "Folder that the database's names are relative to");
    arguments.Require("--photos");
    arguments.Option("-k", task_.k, "Results of each query, unless a request says how many").Range(1, 1000);
    arguments.Options(server_);
    arguments.Options(search_);
    arguments.Options(descriptor_);
  }

  Result Run(const Call& call) override {
    task_.model.device = call.common.device;
    Serve(task_, call.context);
    return {};  // not reached: it ends by being interrupted
  }

 private:
  ServeTask task_;
  ModelArguments model_;
  OptionsDescription server_;
  OptionsDescription descriptor_;
  OptionsDescription search_;
};

}  // namespace

Task ServeRow() {
  return {
      .name = "serve",
      .section = Section::kRetrieval,
      .summary = "Search in a browser: a page to drop photos on, and JSON for programs",
      .examples = {"vantage serve model.pth database.npy --photos photos/",
                   "vantage serve model.pth database.npy --photos photos/ --port 0 -k 48 --stage alpha_qe"},
      .make = MakeCall<ServeCall>};
}

}  // namespace vantage::tasks
