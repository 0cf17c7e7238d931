// SPDX-License-Identifier: BSD-3-Clause
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>
#include <thread>

#include "descriptor_files/descriptor_output.h"
#include "descriptor_files/hdf5.h"
#include "testing/files.h"
#include "util/file.h"
#include "util/random.h"
#include "util/string.h"
#include "util/subprocess.h"
#include "vantage/descriptors.h"

// HDF5 1.10 leaks some bytes with each damaged object header. Other tests check that all its objects are
// closed.
extern "C" const char* __lsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier)
extern "C" const char* __lsan_default_suppressions() { return "leak:libhdf5\n"; }

namespace vantage::descriptor_files {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vantage::testing::ErrorOf;
using vantage::testing::FilesBelow;
using vantage::testing::TemporaryFolder;

DescriptorFile Sample() {
  DescriptorFile file;
  file.descriptors.names = {"z.jpg", "db/ä/2.jpg", "/abs/1.jpg", "db/ä/1.jpg", "z.jpg/inner.jpg"};
  file.descriptors.values.resize(5, 3);
  file.descriptors.values << 0.5F, 0.25F, -1, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0.125F, 3, 0.0625F;
  file.failed = {{"c.jpg", "truncated"}};
  file.provenance.model = "m.pth";
  file.provenance.scales = {1, 0.5};
  return file;
}

void ExpectEqual(const DescriptorFile& a, const DescriptorFile& b) {
  EXPECT_EQ(a.descriptors.names, b.descriptors.names);
  EXPECT_EQ(a.descriptors.values, b.descriptors.values);
  EXPECT_EQ(a.provenance, b.provenance);
  ASSERT_EQ(a.failed.size(), b.failed.size());
  for (size_t i = 0; i < a.failed.size(); ++i) {
    EXPECT_EQ(a.failed[i].name, b.failed[i].name);
    EXPECT_EQ(a.failed[i].reason, b.failed[i].reason);
  }
}

// Writes HDF5 files like other programs, in the library's default format.
class ForeignFile {
 public:
  explicit ForeignFile(const fs::path& path)
      : file_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), "file"),
        links_(H5Pcreate(H5P_LINK_CREATE), "links") {
    hdf5::Check(H5Pset_create_intermediate_group(links_.get(), 1), "links");
  }

  hid_t get() const { return file_.get(); }

  // `properties`: how the dataset is laid out.
  void Add(const std::string& path, hid_t type, const std::vector<hsize_t>& shape, const float* values,
           hid_t properties = H5P_DEFAULT) const {
    const hdf5::Space space(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr), path);
    const hdf5::Dataset dataset(
        H5Dcreate2(get(), path.c_str(), type, space.get(), links_.get(), properties, H5P_DEFAULT), path);
    if (values == nullptr) return;
    hdf5::Check(H5Dwrite(dataset.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), path);
  }

  void AddGroup(const std::string& path) const {
    hdf5::Group(H5Gcreate2(get(), path.c_str(), links_.get(), H5P_DEFAULT, H5P_DEFAULT), path);
  }

  // The attribute in which vantage stores what is not part of hloc's layout.
  void SetFacts(const std::string& text, bool variable_length = false) const {
    const hdf5::Type type(H5Tcopy(H5T_C_S1), "type");
    H5Tset_size(type.get(), variable_length ? H5T_VARIABLE : text.size());
    const hdf5::Space space(H5Screate(H5S_SCALAR), "space");
    const hdf5::Attribute attribute(
        H5Acreate2(get(), "vantage", type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT), "attribute");
    const char* pointer = text.c_str();
    const void* data = pointer;
    if (variable_length) data = &pointer;
    hdf5::Check(H5Awrite(attribute.get(), type.get(), data), "attribute");
  }

 private:
  hdf5::File file_;
  hdf5::Properties links_;
};

constexpr float kValues[] = {0.5F, -0.25F, 2};

TEST(DescriptorsHdf5, ReadBackWhatIsWritten) {
  const TemporaryFolder folder;
  WriteDescriptors(Sample(), folder / "new/d.h5");
  ExpectEqual(ReadDescriptors(folder / "new/d.h5"), Sample());
  ExpectEqual(ReadDescriptors(folder / "new/d"), Sample());
  WriteDescriptors(Sample(), folder / "half", {"h5", true});
  ExpectEqual(ReadDescriptors(folder / "half.h5"), Sample());  // its values are float16's
  fs::rename(folder / "half.h5", folder / "features.bin");
  ExpectEqual(ReadDescriptors(folder / "features.bin"), Sample());  // known by its first bytes
  EXPECT_THAT(FilesBelow(folder.path()), ElementsAre("features.bin", "new/d.h5"));
  DescriptorFile empty;
  empty.failed = Sample().failed;
  WriteDescriptors(empty, folder / "empty.h5");
  ExpectEqual(ReadDescriptors(folder / "empty.h5"), empty);
}

TEST(DescriptorsHdf5, ManyPhotosWithLongNamesKeepTheirOrder) {
  const TemporaryFolder folder;
  DescriptorFile file;
  RandomStream random(1, "values");
  file.descriptors.values.resize(3000, 4);
  for (int64_t i = 0; i < 3000; ++i) {  // names of more than 64 KiB, the most of HDF5's older attributes
    file.descriptors.names.push_back(StrCat(std::string(100, 'x'), (i * 1237) % 3000, "/", i % 7, ".jpg"));
    for (int64_t j = 0; j < 4; ++j) file.descriptors.values(i, j) = static_cast<float>(random.Normal());
  }
  WriteDescriptors(file, folder / "d.h5");
  ExpectEqual(ReadDescriptors(folder / "d.h5"), file);
}

// Names are read as hloc's list_h5_names does, values as its get_descriptors.
constexpr const char* kHlocScript = R"(
import h5py, json, sys
with h5py.File(sys.argv[1], 'r', libver='latest') as fd:
    names = []
    def visit_fn(_, obj):
        if isinstance(obj, h5py.Dataset):
            names.append(obj.parent.name.strip('/'))
    fd.visititems(visit_fn)
    print(json.dumps({
        'names': sorted(set(names)),
        'values': [fd[n]['global_descriptor'].__array__().astype(float).tolist() for n in sorted(set(names))],
        'dtype': str(fd[names[0]]['global_descriptor'].dtype),
        'facts': json.loads(fd.attrs['vantage'])}))
)";

TEST(DescriptorsHdf5, HlocReadsIt) {
  const char* python = std::getenv("VANTAGE_PYTHON");  // NOLINT(concurrency-mt-unsafe)
  if (python == nullptr || CaptureCommand({python, "-c", "import h5py"}).first != 0) {
    GTEST_SKIP() << "needs VANTAGE_PYTHON naming a Python with h5py";
  }
  const TemporaryFolder folder;
  WriteFile(folder / "read.py", kHlocScript);
  for (const bool float16 : {false, true}) {
    WriteDescriptors(Sample(), folder / "d.h5", {"h5", float16});
    const auto [code, output] =
        CaptureCommand({python, (folder / "read.py").string(), (folder / "d.h5").string()});
    ASSERT_EQ(code, 0) << output;
    const nlohmann::json read = nlohmann::json::parse(output);
    EXPECT_THAT(read["names"].get<std::vector<std::string>>(),
                ElementsAre("abs/1.jpg", "db/ä/1.jpg", "db/ä/2.jpg", "z.jpg", "z.jpg/inner.jpg"));
    EXPECT_EQ(read["values"][3], nlohmann::json({0.5, 0.25, -1.0}));
    EXPECT_EQ(read["values"][4], nlohmann::json({0.125, 3.0, 0.0625}));
    EXPECT_EQ(read["dtype"], float16 ? "float16" : "float32");
    EXPECT_EQ(read["facts"]["provenance"]["model"], "m.pth");
    EXPECT_EQ(read["facts"]["failed"][0]["reason"], "truncated");
  }
}

TEST(DescriptorsHdf5, Hdf5sOwnToolsReadIt) {
  if (CaptureCommand({"h5dump", "--version"}).first != 0) GTEST_SKIP() << "needs h5dump (hdf5-tools)";
  const TemporaryFolder folder;
  WriteDescriptors(Sample(), folder / "d.h5");
  const auto [code, output] =
      CaptureCommand({"h5dump", "-d", "/z.jpg/inner.jpg/global_descriptor", (folder / "d.h5").string()});
  EXPECT_EQ(code, 0) << output;
  EXPECT_THAT(output, HasSubstr("H5T_IEEE_F32LE"));
  EXPECT_THAT(output, HasSubstr("(0): 0.125, 3, 0.0625"));
}

TEST(DescriptorsHdf5, ReadsWhatHlocWrites) {
  const TemporaryFolder folder;
  {
    const hdf5::Session session;
    const ForeignFile file(folder / "global-feats-netvlad.h5");
    // as_half=True gives float16; image_size is in the same group.
    file.Add("query/b.jpg/global_descriptor", hdf5::Float16().get(), {3}, kValues);
    file.Add("query/b.jpg/image_size", H5T_NATIVE_INT64, {3}, kValues);
    file.Add("query/a.jpg/global_descriptor", H5T_IEEE_F64BE, {3}, kValues);
    file.Add("local/c.jpg/keypoints", H5T_IEEE_F32LE, {3}, kValues);
    // Links must give neither the same photo again nor anything of other files.
    H5Lcreate_soft("/query", file.get(), "again", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("other.h5", "/", file.get(), "elsewhere", H5P_DEFAULT, H5P_DEFAULT);
  }
  const DescriptorFile read = ReadDescriptors(folder / "global-feats-netvlad.h5");
  EXPECT_THAT(read.descriptors.names, ElementsAre("query/a.jpg", "query/b.jpg"));
  DescriptorMatrix expected(2, 3);
  expected << 0.5F, -0.25F, 2, 0.5F, -0.25F, 2;
  EXPECT_EQ(read.descriptors.values, expected);
  EXPECT_EQ(read.provenance, DescriptorProvenance());
}

TEST(DescriptorsHdf5, GroupsThatOthersAddedComeLast) {
  const TemporaryFolder folder;
  WriteDescriptors(Sample(), folder / "d.h5");
  {
    const hdf5::Session session;
    const hdf5::File file(H5Fopen((folder / "d.h5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT), "file");
    const hdf5::Group group(H5Gcreate2(file.get(), "a.jpg", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), "group");
    ASSERT_GE(H5Ocopy(file.get(), "z.jpg/global_descriptor", group.get(), "global_descriptor", H5P_DEFAULT,
                      H5P_DEFAULT),
              0);
  }
  const DescriptorFile read = ReadDescriptors(folder / "d.h5");
  ASSERT_EQ(read.descriptors.size(), 6);
  EXPECT_EQ(read.descriptors.names[0], "z.jpg");
  EXPECT_EQ(read.descriptors.names[5], "a.jpg");
  EXPECT_EQ(read.descriptors.values.row(5), read.descriptors.values.row(0));
}

TEST(DescriptorsHdf5, NamesThatNameNoGroupAreRefused) {
  const TemporaryFolder folder;
  const auto error = [&](const std::string& name) {
    DescriptorFile file = Sample();
    file.descriptors.names[1] = name;
    return ErrorOf([&] { WriteDescriptors(file, folder / "d.h5"); });
  };
  EXPECT_THAT(error(""), HasSubstr("d.h5: the name '' cannot name an HDF5 group"));
  EXPECT_THAT(error("./"), HasSubstr("cannot name"));
  EXPECT_THAT(error(std::string("a\0b", 3)), HasSubstr("d.h5: the name 'a"));
  EXPECT_THAT(error("abs//1.jpg"),
              HasSubstr("two photos are named 'abs/1.jpg' as HDF5 takes names; write .npy"));
  EXPECT_THAT(error("z.jpg/global_descriptor"),
              HasSubstr("group 'z.jpg/global_descriptor' cannot be written"));
  EXPECT_THAT(FilesBelow(folder.path()), ElementsAre());
}

struct ForeignCase {
  const char* what;
  std::function<void(const ForeignFile&)> fill;
  const char* message;
};

TEST(DescriptorsHdf5, ForeignFilesAreRefusedByName) {
  const std::string dataset = "a.jpg/global_descriptor";
  const auto with_layout = [&](const std::function<void(hid_t)>& set, hsize_t size, const float* values) {
    return [=](const ForeignFile& file) {
      const hdf5::Properties properties(H5Pcreate(H5P_DATASET_CREATE), "properties");
      set(properties.get());
      file.Add(dataset, H5T_IEEE_F32LE, {size}, values, properties.get());
    };
  };
  const auto with_facts = [&](const std::string& facts, bool variable_length = false) {
    return [=](const ForeignFile& file) {
      file.Add(dataset, H5T_IEEE_F32LE, {3}, kValues);
      file.SetFacts(facts, variable_length);
    };
  };
  constexpr hsize_t kHuge = hsize_t{1} << 60;
  const float not_finite[] = {1, std::numeric_limits<float>::infinity(), 0};
  const hsize_t chunk = 2;
  const std::vector<ForeignCase> cases = {
      {"nothing in it", [](const ForeignFile&) {}, "d.h5: no group holds a dataset 'global_descriptor'"},
      {"a dataset of the root",
       [](const ForeignFile& f) { f.Add("global_descriptor", H5T_IEEE_F32LE, {3}, kValues); },
       "no group holds"},
      {"a group of that name", [&](const ForeignFile& f) { f.AddGroup(dataset); }, "no group holds"},
      {"a matrix",
       [&](const ForeignFile& f) {
         f.Add(dataset, H5T_IEEE_F32LE, {1, 3}, kValues);
       },
       "group 'a.jpg': 'global_descriptor' is not an array of one dimension"},
      {"a scalar", [&](const ForeignFile& f) { f.Add(dataset, H5T_IEEE_F32LE, {}, kValues); },
       "is not an array of one dimension"},
      {"integers", [&](const ForeignFile& f) { f.Add(dataset, H5T_NATIVE_INT, {3}, kValues); },
       "is not an array of float16"},
      {"huge, not stored", with_layout([](hid_t) {}, kHuge, nullptr),
       "announces 1152921504606846976 values that the file does not hold"},
      {"huge, in chunks", with_layout([&](hid_t p) { H5Pset_chunk(p, 1, &chunk); }, kHuge, nullptr),
       "announces 1152921504606846976 values that the file does not hold"},
      {"huge, compressed",
       with_layout(
           [&](hid_t p) {
             H5Pset_chunk(p, 1, &chunk);
             H5Pset_deflate(p, 9);
           },
           kHuge, nullptr),
       "announces 1152921504606846976 values"},
      {"a chunk of another compression",
       with_layout(
           [&](hid_t p) {
             H5Pset_chunk(p, 1, &chunk);
             H5Pset_nbit(p);
           },
           3, kValues),
       "is compressed with the filter 'nbit' (5); gzip, shuffle and fletcher32 are read"},
      {"a missing chunk",
       [&](const ForeignFile& f) {
         const hdf5::Properties properties(H5Pcreate(H5P_DATASET_CREATE), "properties");
         H5Pset_chunk(properties.get(), 1, &chunk);
         H5Pset_deflate(properties.get(), 1);
         f.Add(dataset, H5T_IEEE_F32LE, {5}, nullptr, properties.get());
         const hdf5::Dataset set(H5Dopen2(f.get(), dataset.c_str(), H5P_DEFAULT), "set");
         const hdf5::Space part(H5Dget_space(set.get()), "space");
         const hsize_t start = 0;
         H5Sselect_hyperslab(part.get(), H5S_SELECT_SET, &start, nullptr, &chunk, nullptr);
         const hdf5::Space memory(H5Screate_simple(1, &chunk, nullptr), "memory");
         H5Dwrite(set.get(), H5T_NATIVE_FLOAT, memory.get(), part.get(), H5P_DEFAULT, kValues);
       },
       "chunks are missing, whose values the file does not hold"},
      {"in another file",
       with_layout([](hid_t p) { H5Pset_external(p, "/etc/hostname", 0, 12); }, 3, nullptr),
       "in another file"},
      {"not stored", with_layout([](hid_t) {}, 3, nullptr), "announces 3 values"},
      {"two dimensions",
       [&](const ForeignFile& f) {
         f.Add(dataset, H5T_IEEE_F32LE, {3}, kValues);
         f.Add("b.jpg/global_descriptor", H5T_IEEE_F32LE, {2}, kValues);
       },
       "group 'b.jpg': 'global_descriptor' has 2 values, that of 'a.jpg' 3"},
      {"not finite", [&](const ForeignFile& f) { f.Add(dataset, H5T_IEEE_F32LE, {3}, not_finite); },
       "d.h5: row 0 holds a value that is not finite ('a.jpg')"},
      {"groups in a circle",
       [&](const ForeignFile& f) {
         f.Add(dataset, H5T_IEEE_F32LE, {3}, kValues);
         H5Lcreate_hard(f.get(), "/", f.get(), "a.jpg/x", H5P_DEFAULT, H5P_DEFAULT);
         H5Lcreate_hard(f.get(), "/", f.get(), "a.jpg/y", H5P_DEFAULT, H5P_DEFAULT);
       },
       "the groups hold each other"},
      {"one dataset for many photos",
       [&](const ForeignFile& f) {
         const std::vector<float> values(2000);
         f.Add(dataset, H5T_IEEE_F32LE, {2000}, values.data());
         for (int i = 0; i < 20; ++i) {
           f.AddGroup(StrCat(i));
           H5Lcreate_hard(f.get(), dataset.c_str(), f.get(), StrCat(i, "/global_descriptor").c_str(),
                          H5P_DEFAULT, H5P_DEFAULT);
         }
       },
       "21 descriptors of 2000 values are more than the file can hold"},
      {"facts that are not JSON", with_facts("{"), "d.h5: attribute 'vantage': not valid JSON"},
      {"facts of another kind", with_facts(R"({"names": 3})"), "attribute 'vantage': "},
      {"facts that list another photo", with_facts(R"({"names":["b.jpg"],"failed":[],"provenance":{}})"),
       "lists 'b.jpg', but no group"},
      {"facts that list a photo twice",
       with_facts(R"({"names":["a.jpg","/a.jpg"],"failed":[],"provenance":{}})"),
       "lists '/a.jpg', but no group of its own"},
      {"facts of variable length", with_facts("{}", true), "one text of fixed length"},
  };
  const TemporaryFolder folder;
  for (const ForeignCase& foreign : cases) {
    {
      const hdf5::Session session;
      foreign.fill(ForeignFile(folder / "d.h5"));
    }
    ::testing::internal::CaptureStderr();
    EXPECT_THAT(ErrorOf([&] { ReadDescriptors(folder / "d.h5"); }), HasSubstr(foreign.message))
        << foreign.what;
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "") << foreign.what;
  }
}

// As h5py writes with chunks=(n,), compression='gzip', shuffle=True, fletcher32=True.
void AddCompressed(const ForeignFile& file, const std::string& photo, const std::vector<float>& values,
                   hsize_t chunk, bool checksum) {
  const hdf5::Properties properties(H5Pcreate(H5P_DATASET_CREATE), "properties");
  H5Pset_chunk(properties.get(), 1, &chunk);
  H5Pset_shuffle(properties.get());
  H5Pset_deflate(properties.get(), 4);
  if (checksum) H5Pset_fletcher32(properties.get());
  file.Add(photo + "/global_descriptor", H5T_IEEE_F32LE, {values.size()}, values.data(), properties.get());
}

TEST(DescriptorsHdf5, ChunksAndGzipAreRead) {
  const TemporaryFolder folder;
  std::vector<float> values(1000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 7);
  {
    const hdf5::Session session;
    const ForeignFile file(folder / "d.h5");
    AddCompressed(file, "a.jpg", values, 1000, false);
    AddCompressed(file, "b.jpg", values, 333, true);
    const hdf5::Properties chunked(H5Pcreate(H5P_DATASET_CREATE), "properties");
    const hsize_t chunk = 64;
    H5Pset_chunk(chunked.get(), 1, &chunk);
    file.Add("c.jpg/global_descriptor", H5T_IEEE_F64LE, {1000}, values.data(), chunked.get());
  }
  const DescriptorFile read = ReadDescriptors(folder / "d.h5");
  ASSERT_EQ(read.descriptors.size(), 3);
  for (int64_t row = 0; row < 3; ++row) {
    EXPECT_TRUE(std::equal(values.begin(), values.end(), read.descriptors.values.row(row).begin())) << row;
  }
}

TEST(DescriptorsHdf5, DamagedChunksAreErrors) {
  const TemporaryFolder folder;
  RandomStream random(2, "damage");
  std::vector<float> values(256);
  for (float& value : values) value = static_cast<float>(random.Normal());
  {
    const hdf5::Session session;
    const ForeignFile file(folder / "good.h5");
    for (const char* photo : {"a.jpg", "b.jpg", "c.jpg"}) AddCompressed(file, photo, values, 100, true);
  }
  const std::string good = ReadFile(folder / "good.h5");
  ::testing::internal::CaptureStderr();
  for (size_t size = 0; size < good.size(); size += 61) {
    WriteFile(folder / "d.h5", good.substr(0, size));
    EXPECT_THAT(ErrorOf([&] { ReadDescriptors(folder / "d.h5"); }), HasSubstr("d.h5"));
  }
  int errors = 0;
  for (int i = 0; i < 300; ++i) {
    std::string damaged = good;
    char& byte = damaged[random.Below(good.size())];
    byte = static_cast<char>(byte ^ (1 << random.Below(8)));
    WriteFile(folder / "d.h5", damaged);
    try {
      ReadDescriptors(folder / "d.h5");
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("d.h5"));
      ++errors;
    }
  }
  EXPECT_GT(errors, 60);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(DescriptorsHdf5, DamageIsAnErrorAndPrintsNothing) {
  const TemporaryFolder folder;
  WriteDescriptors(Sample(), folder / "good.h5");
  const std::string good = ReadFile(folder / "good.h5");
  ::testing::internal::CaptureStderr();
  WriteFile(folder / "d.h5", "not HDF5");
  EXPECT_THAT(ErrorOf([&] { ReadDescriptors(folder / "d.h5"); }), HasSubstr("d.h5: not an HDF5 file"));
  EXPECT_THAT(ErrorOf([&] { ReadDescriptors(folder / "none.h5"); }), HasSubstr("none.h5: cannot be opened"));
  fs::create_directory(folder / "folder.h5");
  EXPECT_THAT(ErrorOf([&] { ReadDescriptors(folder / "folder.h5"); }), HasSubstr("is not a regular file"));
  for (size_t size = 0; size < good.size(); size += 197) {
    WriteFile(folder / "d.h5", good.substr(0, size));
    EXPECT_THAT(ErrorOf([&] { ReadDescriptors(folder / "d.h5"); }), HasSubstr("d.h5"));
  }
  // The file's metadata have checksums: a changed byte is an error, or is in a value or a gap.
  RandomStream random(1, "damage");
  int errors = 0;
  for (int i = 0; i < 300; ++i) {
    std::string damaged = good;
    char& byte = damaged[random.Below(good.size())];
    byte = static_cast<char>(byte ^ (1 << random.Below(8)));
    WriteFile(folder / "d.h5", damaged);
    try {
      EXPECT_EQ(ReadDescriptors(folder / "d.h5").descriptors.names, Sample().descriptors.names);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("d.h5"));
      ++errors;
    }
  }
  EXPECT_GT(errors, 60);
  const hdf5::Session session;
  EXPECT_EQ(H5Fget_obj_count(H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(DescriptorsHdf5, ProgramThatReadADamagedFileEndsQuietly) {
  const TemporaryFolder folder;
  WriteDescriptors(Sample(), folder / "d.h5");
  std::string damaged = ReadFile(folder / "d.h5");
  damaged[60] ^= 16;  // in the root group, after the file's header of 48 bytes
  WriteFile(folder / "d.h5", damaged);
  const auto read_and_exit = [&] {
    const std::string message = ErrorOf([&] { ReadDescriptors(folder / "d.h5"); });
    std::exit(message.find("group '/' cannot be read") == message.npos ? 1
                                                                       : 0);  // NOLINT(concurrency-mt-unsafe)
  };
  EXPECT_EXIT(read_and_exit(), ::testing::ExitedWithCode(0), ::testing::Not(HasSubstr("HDF5")));
}

TEST(DescriptorsHdf5, FullDiskIsAnErrorAndLeavesTheOldFile) {
  const TemporaryFolder folder;
  WriteDescriptors(Sample(), folder / "d.h5");
  DescriptorFile large = Sample();
  large.descriptors.values = DescriptorMatrix::Ones(5, 100'000);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit = {1'000'000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &limit);
  ::testing::internal::CaptureStderr();
  std::string message;
  try {
    WriteDescriptors(large, folder / "d.h5");
  } catch (const Error& error) {
    message = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_THAT(message, HasSubstr("d.h5"));
  EXPECT_THAT(message, HasSubstr("cannot be written"));
  EXPECT_THAT(FilesBelow(folder.path()), ElementsAre("d.h5"));
  ExpectEqual(ReadDescriptors(folder / "d.h5"), Sample());
}

TEST(DescriptorsHdf5, ThreadsMayReadAndWriteAtOnce) {
  const TemporaryFolder folder;
  WriteDescriptors(Sample(), folder / "d.h5");
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 20; ++i) {
          ExpectEqual(ReadDescriptors(folder / "d.h5"), Sample());
          WriteDescriptors(Sample(), folder / StrCat(t, ".h5"));
        }
      });
    }
  }
  ExpectEqual(ReadDescriptors(folder / "3.h5"), Sample());
}

TEST(Hdf5, NamesThatItCannotHoldAreFoundBeforeTheWork) {
  const auto error = [](const std::vector<std::string>& names) {
    return testing::ErrorOf([&] { CheckDescriptorNames("d", {.container = "h5"}, names); });
  };
  EXPECT_THAT(error({"a.jpg", "./"}), ::testing::HasSubstr("cannot name an HDF5 group; write .npy"));
  EXPECT_THAT(error({"a.jpg", "./a.jpg"}), ::testing::HasSubstr("two photos are named 'a.jpg'"));
  CheckDescriptorNames("d", {.container = "npy"}, {"a.jpg", "./a.jpg"});
}

}  // namespace
}  // namespace vantage::descriptor_files
