// SPDX-License-Identifier: BSD-3-Clause
// The part of libcuda.so.1 that vantage uses: a driver with FAKE_DRIVER_GPUS (an environment variable) GPUs,
// or one that fails if FAKE_DRIVER_FAILS is set.
#include <cstdio>
#include <cstdlib>

extern "C" {

int cuInit(unsigned /*flags*/) {
  return std::getenv("FAKE_DRIVER_FAILS") == nullptr ? 0 : 100;  // NOLINT(concurrency-mt-unsafe)
}

int cuGetErrorString(int /*error*/, const char** text) {
  *text = "no device of the test";
  return 0;
}

int cuDriverGetVersion(int* version) {
  *version = 12040;
  return 0;
}

int cuDeviceGetCount(int* count) {
  const char* gpus = std::getenv("FAKE_DRIVER_GPUS");  // NOLINT(concurrency-mt-unsafe)
  *count = gpus == nullptr ? 0 : std::atoi(gpus);
  return 0;
}

int cuDeviceGet(int* device, int index) {
  *device = index;
  return 0;
}

int cuDeviceGetName(char* name, int length, int device) {
  std::snprintf(name, static_cast<size_t>(length), "Test GPU %d", device);
  return 0;
}

int cuDeviceTotalMem_v2(size_t* bytes, int /*device*/) {
  *bytes = size_t{80} << 30;
  return 0;
}

int cuDeviceGetAttribute(int* value, int attribute, int /*device*/) {
  *value = attribute == 75 ? 9 : 0;
  return 0;
}

}  // extern "C"
