// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <future>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "nn/intra_op_threads.h"
#include "pipeline/photo_folder.h"
#include "serve/http_server.h"
#include "serve/search_service.h"
#include "util/check.h"
#include "util/log.h"
#include "vantage/pipeline.h"

namespace vantage {
namespace {

namespace fs = std::filesystem;

// A photo that a client sent.
class SentPhoto : public PhotoSource {
 public:
  SentPhoto(const std::string& bytes, int64_t max_pixels) : bytes_(bytes), max_pixels_(max_pixels) {}

  int64_t size() const override { return 1; }
  std::string name(int64_t) const override { return "the photo"; }
  Image Decode(int64_t i, const DecodeOptions& options) const override {
    DecodeOptions bounded = options;
    bounded.max_pixels = max_pixels_;
    return DecodeImage(bytes_, name(i), bounded);
  }

 private:
  const std::string& bytes_;
  const int64_t max_pixels_;
};

// Describes one photo after the other, on a thread of its own: the network's operators make a pool of threads
// for each thread that calls them.
class DescribingThread {
 public:
  DescribingThread(const Describer& describer, int threads)
      : describer_(describer),
        thread_([this, threads](const std::stop_token& stop) { Work(stop, threads); }) {}

  // Throws what DescribeReduced throws. May be called from several threads.
  DescribedPhoto Describe(Image photo) {
    std::packaged_task<DescribedPhoto()> task([this, photo = std::move(photo)]() mutable {
      std::vector<Image> photos;
      photos.push_back(std::move(photo));
      return std::move(describer_.DescribeReduced(photos).front());
    });
    std::future<DescribedPhoto> described = task.get_future();
    {
      const std::scoped_lock lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    changed_.notify_one();
    return described.get();
  }

 private:
  void Work(const std::stop_token& stop, int threads) {
    const nn::IntraOpThreads threads_of_a_photo(threads);
    threads_of_a_photo.Enter();
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [&] { return !tasks_.empty(); })) {
      std::packaged_task<DescribedPhoto()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }

  const Describer& describer_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::packaged_task<DescribedPhoto()>> tasks_;
  std::jthread thread_;  // last member: joined before the state that it uses is destroyed
};

std::vector<float> DescribeSent(const std::string& bytes, int64_t max_pixels, const Describer& describer,
                                DescribingThread& thread) {
  Image photo;
  try {
    photo = LoadPhoto(SentPhoto(bytes, max_pixels), 0, describer.options());
  } catch (const Error& error) {
    throw serve::HttpError(400, error.what());
  }
  DescribedPhoto described = thread.Describe(std::move(photo));
  if (!described.reason.empty()) throw serve::HttpError(400, "the photo: " + described.reason);
  return std::move(described.values);
}

}  // namespace

void Declare(OptionsDescription& description, ServeOptions& options) {
  description.Add("host", options.host,
                  "Address to listen on. 127.0.0.1: only programs on this machine can connect; 0.0.0.0: "
                  "everybody who reaches this machine sees the photos, unencrypted");
  description.Add("port", options.port, "Port to listen on; 0: any free one").Range(0, 65535);
  description
      .Add("max_upload", options.max_upload, "Largest photo file that a client may send, MB (2^20 bytes)")
      .Range(0.001, 1024);
  description
      .Add("max_pixels", options.max_pixels,
           "Most pixels of a photo that is searched for or shown, millions. Decoding needs up to 40 bytes "
           "each")
      .Range(0.001, 268);
  description
      .Add("timeout", options.timeout,
           "Seconds within which a client must send its whole request, and again receive the whole answer")
      .Range(0.1, 3600);
}

void Serve(const ServeTask& task, const RunContext& context) {
  CheckOptions(task.server);
  CheckOptions(task.descriptor);
  CheckOptions(task.search);
  const DescriptorFile database = ReadDescriptors(task.database);
  VANTAGE_CHECK(database.descriptors.size() > 0, task.database, ": holds no descriptor");
  pipeline::CheckPhotoFolder(database.descriptors.names, task.photos);
  Model model = task.model.Read();
  CheckComparable(ProvenanceOf(model, task.model.path, task.descriptor), task.model.path, database.provenance,
                  task.database);
  const Describer describer = Describer::Take(std::move(model), task.descriptor);
  VANTAGE_CHECK(describer.dimension() == database.descriptors.dimension(), task.model.path, ": makes ",
                describer.dimension(), " dimensions, ", task.database, " has ",
                database.descriptors.dimension());
  WarnUnlessUnitLength(database.descriptors.values, task.database);

  const int threads = context.ThreadCount();
  const serve::HttpLimits limits{.max_body = std::llround(task.server.max_upload * (1 << 20)),
                                 .timeout = task.server.timeout};
  const serve::SearchServiceOptions options{.photos = task.photos,
                                            .k = task.k,
                                            .search = task.search,
                                            .max_pixels = std::llround(task.server.max_pixels * 1e6),
                                            .max_upload = limits.max_body,
                                            .threads = threads,
                                            .model = fs::path(task.model.path).filename().string()};
  DescribingThread describing(describer, threads);
  serve::SearchService service(database.descriptors, options, [&](const std::string& bytes) {
    return DescribeSent(bytes, options.max_pixels, describer, describing);
  });
  serve::HttpServer server(task.server.host, task.server.port, limits,
                           [&](const serve::HttpRequest& request) { return service.Answer(request); });
  if (!server.IsLoopback())
    LogWarning("everybody who reaches this machine at port ", server.port(),
               " can search and see the photos, unencrypted");
  LogInfo(server.url(), " searches ", database.descriptors.size(), " photos; Ctrl-C ends it");
  if (task.on_listening) task.on_listening(server.url());
  server.Run(context);
}

}  // namespace vantage
