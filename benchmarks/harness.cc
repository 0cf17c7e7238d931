// SPDX-License-Identifier: BSD-3-Clause
#include "harness.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "util/check.h"
#include "util/stopwatch.h"
#include "util/subprocess.h"

namespace vantage::benchmarks {

double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double PeakMib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

double MedianSeconds(int rounds, const std::function<void()>& work) {
  std::vector<double> seconds;
  for (int i = 0; i < rounds; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    seconds.push_back(SecondsSince(start));
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

Turns::Turns(CLI::App& app, int rounds) : rounds_(rounds) {
  app.add_option("--rounds", rounds_, "Measurements of each kind")->capture_default_str();
  app.add_option("--measure", kind_, "Measure this kind in this process, and print its figures as JSON");
}

bool Turns::MeasuresHere(const std::function<Figures(const std::string&)>& measure) const {
  if (kind_.empty()) return false;
  Figures figures = measure(kind_);
  figures.try_emplace("peak_mib", PeakMib());
  std::printf("%s\n", nlohmann::json(figures).dump().c_str());
  return true;
}

std::map<std::string, Figures> Turns::Measure(const std::vector<std::string>& kinds,
                                              const std::vector<std::string>& arguments,
                                              const std::string& figure) const {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  std::map<std::string, std::vector<Figures>> measured;
  for (int round = 0; round < rounds_; ++round) {
    for (const std::string& kind : kinds) {
      std::vector<std::string> command = {program, "--measure", kind};
      command.insert(command.end(), arguments.begin(), arguments.end());
      const auto [code, output] = CaptureCommand(command);
      const auto figures = nlohmann::json::parse(output, nullptr, /*allow_exceptions=*/false);
      VANTAGE_CHECK(code == 0 && figures.is_object(), kind, " failed: ", output);
      measured[kind].push_back(figures.get<Figures>());
    }
  }
  std::map<std::string, Figures> medians;
  for (auto& [kind, all] : measured) {
    std::sort(all.begin(), all.end(),
              [&](const Figures& a, const Figures& b) { return a.at(figure) < b.at(figure); });
    medians[kind] = all[all.size() / 2];
  }
  return medians;
}

int Run(int argc, char** argv, int (*main)(int, char**)) {
  try {
    return main(argc, argv);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s: %s\n", std::filesystem::path(argv[0]).filename().c_str(), error.what());
    return 1;
  }
}

}  // namespace vantage::benchmarks
