// SPDX-License-Identifier: BSD-3-Clause
#include <cstdio>
#include <filesystem>
#include <string>

#include "image/codecs/codec.h"
#include "serialize/npy.h"
#include "serialize/pickle.h"
#include "serialize/safetensors.h"
#include "testing/mat_files.h"
#include "testing/models.h"
#include "testing/photo_encoders.h"
#include "testing/torch_files.h"
#include "util/file.h"
#include "util/string.h"
#include "vantage/colmap.h"
#include "vantage/error.h"
#include "vantage/image.h"

// Writes small valid files that the fuzz targets start from: make_seeds FOLDER writes FOLDER/TARGET/NAME.
namespace vantage {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

// The dictionary {"w": tensor, "s": tensor, "epoch": 3} of torch.save; the tensors share storage "0".
void WriteTensors(serialize::PickleWriter& writer) {
  const auto integers = [&](std::initializer_list<int64_t> values) {
    writer.Mark();
    for (const int64_t value : values) writer.Int(value);
    writer.Tuple();
  };
  writer.Global("collections", "OrderedDict");
  writer.EmptyTuple();
  writer.Reduce();
  writer.Mark();
  for (const char* name : {"w", "s"}) {
    writer.String(name);
    writer.Global("torch._utils", "_rebuild_tensor_v2");
    writer.Mark();
    writer.Mark();
    writer.String("storage");
    writer.Global("torch", "FloatStorage");
    writer.String("0");
    writer.String("cpu");
    writer.Int(6);
    writer.Tuple();
    writer.PersistentId();
    writer.Int(0);
    integers({2, 3});
    integers({3, 1});
    writer.Bool(false);
    writer.Global("collections", "OrderedDict");
    writer.EmptyTuple();
    writer.Reduce();
    writer.Tuple();
    writer.Reduce();
  }
  writer.String("epoch");
  writer.Int(3);
  writer.SetItems();
}

std::string TensorsPickle() {
  serialize::PickleWriter writer;
  WriteTensors(writer);
  return std::move(writer).Finish();
}

void WriteTorchFiles(const fs::path& folder) {
  const std::string storage(24, '\x3f');
  testing::WriteZipTorchFile(folder / "zip.pth", TensorsPickle(), storage);
  WriteFile(folder / "legacy.pth", testing::LegacyTorchFile(TensorsPickle(), storage, 6));
}

// Parts of a pickle: numpy.dtype("<i2"), and an array up to the length of its one dimension.
const std::string kNumpyInt16 = "cnumpy\ndtype\n(U\x02i2K\0K\1tR(K\3U\1<NNNK\xffK\xffK\0tb"s;
const std::string kNumpyArray = "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0tU\1btR(K\1(K"s;

// {"train": {"cids": [text, text], "qidxs": [1, 300], "x": 0.5, "y": None}}
void WritePickles(const fs::path& folder) {
  serialize::PickleWriter writer;
  writer.EmptyDict();
  writer.Mark();
  writer.String("train");
  writer.EmptyDict();
  writer.Mark();
  writer.String("cids");
  writer.EmptyList();
  writer.Mark();
  writer.String("0123456789abcdef");
  writer.String("ä");
  writer.Appends();
  writer.String("qidxs");
  writer.EmptyList();
  writer.Mark();
  for (const int64_t value : {int64_t{1}, int64_t{300}, int64_t{1} << 40}) writer.Int(value);
  writer.Appends();
  writer.String("x");
  writer.Float(0.5);
  writer.String("y");
  writer.None();
  writer.SetItems();
  writer.SetItems();
  WriteFile(folder / "protocol2.pkl", std::move(writer).Finish());
  WriteFile(folder / "protocol0.pkl", "(dp0\nS'ids'\np1\n(lp2\nI1\naL2L\naF0.5\naVa\\u00e4\naI01\nas.");
  // numpy.array([1, 2], dtype="<i2") and numpy.int16(1).
  WriteFile(folder / "numpy.pkl", StrCat("\x80\x02", kNumpyArray, "\2t", kNumpyInt16, "\x89U\4\1\0\2\0tb."s));
  WriteFile(folder / "scalar.pkl", StrCat("\x80\x02"
                                          "cnumpy.core.multiarray\nscalar\n(",
                                          kNumpyInt16, "U\2\1\0tR."s));
  // The values that take most memory for their bytes.
  int dense = 0;
  for (const char* unit : {"N", "(", "K\x01\x85", "]\x94", "P\n", "Nr\x01\x02\x03\x04", "I1\n", "Np3\n"}) {
    std::string pickle;
    while (pickle.size() < 8000) pickle += unit;
    WriteFile(folder / StrCat("dense", dense++, ".pkl"), pickle + "N.");
  }
  WriteFile(folder / "protocol4.pkl",
            std::string("\x80\x04\x95\x0a\0\0\0\0\0\0\0\x8c\x01k\x94\x8c\x01v\x94\x86\x94\x8f("
                        "K\x01K\x02\x90h\x02\x86.",
                        32));
}

// Two photos and a pair in each split; in NumPy's arrays in one of the files.
void WriteCirtorchPickles(const fs::path& folder) {
  for (const bool numpy : {false, true}) {
    std::string pickle = "\x80\x02}(";
    for (const std::string split : {"train", "val"}) {
      const auto numbers = [&](const char* name, const std::string& values) {
        pickle += StrCat("V", name, "\n");
        if (!numpy) pickle += "(";
        std::string data;
        for (const char value : values) {
          if (numpy) data += {value, '\0'};
          if (!numpy) pickle += {'K', value};
        }
        const std::string count = {static_cast<char>(values.size())};
        const std::string bytes = std::string(1, static_cast<char>(data.size())) + data;
        pickle += numpy ? StrCat(kNumpyArray, count, "t", kNumpyInt16, "\x89U", bytes, "tb") : "l";
      };
      pickle += StrCat("V", split, "\n}(Vcids\n(V00abcdef\nV01abcdef\nl");
      numbers("cluster", {'\1', '\2'});
      numbers("qidxs", {'\0'});
      numbers("pidxs", {'\1'});
      pickle += "u";
    }
    WriteFile(folder / (numpy ? "numpy.pkl" : "lists.pkl"), pickle + "u.");
  }
}

// A rig of two cameras, and a frame of it that took the first two images.
void AddRig(Reconstruction& model) {
  const RegisteredImage& first = model.images.begin()->second;
  const RegisteredImage& second = std::next(model.images.begin())->second;
  const SensorId left{SensorType::kCamera, static_cast<uint32_t>(first.camera)};
  const SensorId right{SensorType::kCamera, static_cast<uint32_t>(second.camera)};
  model.rigs[RigId{1}] = {RigId{1}, {{left, std::nullopt}, {right, second.cam_from_world}}};
  model.frames[FrameId{1}] = {
      FrameId{1},
      RigId{1},
      first.cam_from_world,
      {{left, static_cast<uint64_t>(first.id)}, {right, static_cast<uint64_t>(second.id)}}};
}

void WriteModels(const fs::path& folder) {
  for (const bool binary : {true, false}) {
    const std::string extension = binary ? ".bin" : ".txt";
    int index = 0;
    for (const int points : {0, 3, 20}) {
      const fs::path scratch = folder / "scratch";
      Reconstruction model = testing::MakeRandomModel(points == 0 ? 1 : 3, points, 1);
      if (points == 3) AddRig(model);
      WriteColmapModel(model, scratch, binary ? ModelFormat::kBinary : ModelFormat::kText);
      std::string seed;
      for (const char* name : {"cameras", "images", "points3D", "rigs", "frames"}) {
        const fs::path path = scratch / (name + extension);
        if (fs::exists(path)) seed += (seed.empty() ? "" : "|next file|") + ReadFile(path);
      }
      WriteFile(folder / ("colmap_" + extension.substr(1)) / StrCat("model", index++), seed);
      fs::remove_all(scratch);
    }
  }
}

void WriteImages(const fs::path& folder) {
  for (const int side : {1, 24}) {
    Image image = MakeImage(side, side + 8);
    for (size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = static_cast<uint8_t>(i * i % 251);
    for (const Codec& codec : Codecs()) {
      const auto encode = testing::EncoderOf(codec).encode;
      if (encode != nullptr) WriteFile(folder / ("image_" + codec.name) / StrCat(side), encode(image));
    }
  }
}

// Requests of vantage serve's page, of curl, and some that the server refuses.
void WriteHttpRequests(const fs::path& folder) {
  const std::string host = "Host: localhost:8080\r\n";
  const auto write = [&](const char* name, const std::string& line, const std::string& rest) {
    WriteFile(folder / name, line + " HTTP/1.1\r\n" + host + rest);
  };
  write("get", "GET /search?name=a%20b.jpg&k=3", "Accept: */*\r\nSec-Fetch-Site: same-origin\r\n\r\n");
  write("head", "HEAD /photo/a%2Fb.jpg", "Range: bytes=0-1,2-3\r\nConnection: keep-alive\r\n\r\n");
  write("post", "POST /search?k=1", "Content-Length: 5\r\nContent-Type: image/jpeg\r\n\r\nphoto");
  write("chunked", "POST /search", "Transfer-Encoding: chunked\r\n\r\n3\r\npho\r\n2;x=y\r\nto\r\n0\r\n\r\n");
  write("expect", "POST /search", "Expect: 100-continue\r\nContent-Length: 5\r\n\r\nphoto");
  write("form", "POST /search",
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 59\r\n\r\n"
        "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--\r\n");
  write("coded", "POST /search", "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc");
}

void WriteSeeds(const fs::path& folder) {
  WritePickles(folder / "pickle");
  WriteCirtorchPickles(folder / "cirtorch_pickle");
  WriteTorchFiles(folder / "torch_file");
  fs::create_directories(folder / "zip");
  fs::copy(folder / "torch_file/zip.pth", folder / "zip/archive", fs::copy_options::overwrite_existing);
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  serialize::WriteNpy<float>(folder / "npy/matrix.npy", values, {2, 3});
  serialize::WriteNpy<int64_t>(folder / "npy/vector.npy", std::vector<int64_t>{-1}, {1});
  const std::string bytes(12, '\1');
  serialize::WriteSafetensors(
      folder / "safetensors/two.safetensors",
      {{"a.weight", serialize::ElementType::kFloat32, {1, 2}, std::string_view(bytes).substr(0, 8)},
       {"a.bias", serialize::ElementType::kFloat16, {2}, std::string_view(bytes).substr(0, 4)}},
      {{"meta", "{}"}});
  const std::string net = testing::MatStruct(
      {"layers"}, {testing::MatCells({testing::MatNumbers({2, 3}, {1, 2, 3, 4, 5, 6})})}, "net");
  for (const bool compressed : {false, true})
    WriteFile(folder / StrCat("mat/", compressed, ".mat"), testing::MatFileOf({net}, compressed));
  WriteHttpRequests(folder / "http");
  WriteModels(folder);
  WriteImages(folder);
  WriteFile(folder / "configuration/all.toml",
            "flag = true\nseed = 0x2a\nrate = 1e-1\nname = 'mac'\nscales = [0.5, 1, inf]\n"
            "names = [\"a\\u00e4\", '''b''']\n[inner]\ncount = 1_000\nsizes = [1, 2]\n");
}

}  // namespace
}  // namespace vantage

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    vantage::WriteSeeds(argv[1]);
  } catch (const vantage::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
