// SPDX-License-Identifier: BSD-3-Clause
// What the benchmarks share: clocks, memory, and measuring in turns.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace vantage::benchmarks {

// Figures of one measurement, by name.
using Figures = std::map<std::string, double>;

// Seconds of the process's CPU time, of all threads. On a shared machine it says more than wall time.
double CpuSeconds();
// Largest resident memory of the process so far, MiB.
double PeakMib();

// Median wall time of `rounds` calls, seconds.
double MedianSeconds(int rounds, const std::function<void()>& work);

// Measures several implementations (kinds) of one thing in one run. Each measurement is a separate process,
// so that it does not depend on earlier ones; the kinds take turns, so that a slow minute of the machine
// affects all of them.
class Turns {
 public:
  // Adds the options --rounds and --measure (for the processes) to the program.
  Turns(CLI::App& app, int rounds);

  // If this process has been started to measure one kind, measures it, prints its figures, adds "peak_mib" if
  // they lack it, and returns true.
  bool MeasuresHere(const std::function<Figures(const std::string& kind)>& measure) const;

  // Measures each kind `rounds` times, and returns the measurement with the median of `figure`. `arguments`:
  // options of the processes. Throws Error if one fails.
  std::map<std::string, Figures> Measure(const std::vector<std::string>& kinds,
                                         const std::vector<std::string>& arguments,
                                         const std::string& figure = "seconds") const;

 private:
  int rounds_;
  std::string kind_;
};

// Runs a program's main function, and reports an Error on standard error.
int Run(int argc, char** argv, int (*main)(int, char**));

}  // namespace vantage::benchmarks
