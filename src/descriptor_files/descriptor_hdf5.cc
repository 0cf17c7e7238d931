// SPDX-License-Identifier: BSD-3-Clause
// hloc's layout: a group for each photo, named as the photo ('/' in the name nests groups), with a dataset
// `global_descriptor` of D values. hloc takes every dataset's group for a photo, so everything else is in an
// attribute of the root.
#include <algorithm>
#include <new>
#include <optional>
#include <unordered_set>

#include "descriptor_files/descriptor_reader.h"
#include "descriptor_files/hdf5.h"
#include "util/check.h"
#include "util/file.h"
#include "util/index.h"

namespace vantage::descriptor_files {
namespace {

namespace fs = std::filesystem;
using hdf5::Check;

constexpr const char* kDatasetName = "global_descriptor";
constexpr const char* kFactsName = "vantage";  // the attribute with the content of NAME.json

// The path of groups that HDF5 makes of the name: without empty parts and ".".
std::string GroupOf(const std::string& name) {
  std::vector<std::string> parts = SplitText(name, '/');
  std::erase_if(parts, [](const std::string& part) { return part.empty() || part == "."; });
  return Join(parts, "/");
}

std::string Quoted(const fs::path& path, const std::string& group) {
  return StrCat(path.string(), ": group '", group, "'");
}

// With times of creation, files of the same content would differ.
hdf5::Properties WithoutTimes(hid_t kind, const std::string& what) {
  hdf5::Properties properties(H5Pcreate(kind), what);
  Check(H5Pset_obj_track_times(properties.get(), false), what);
  return properties;
}

hdf5::File CreateFile(const fs::path& file, const fs::path& target) {
  const std::string what = StrCat(target.string(), ": cannot be written");
  const hdf5::Properties creation = WithoutTimes(H5P_FILE_CREATE, what);
  const hdf5::Properties access(H5Pcreate(H5P_FILE_ACCESS), what);
  // HDF5 1.8's format has checksums and long attributes; the older one, which is the default, has neither.
  Check(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_V18), what);
  return {H5Fcreate(file.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()), what};
}

void WriteFacts(const hdf5::File& file, const std::string& text, const fs::path& target) {
  const std::string what = StrCat(target.string(), ": attribute '", kFactsName, "' cannot be written");
  const hdf5::Type type(H5Tcopy(H5T_C_S1), what);
  Check(H5Tset_size(type.get(), text.size()), what);
  Check(H5Tset_cset(type.get(), H5T_CSET_UTF8), what);
  Check(H5Tset_strpad(type.get(), H5T_STR_NULLPAD), what);
  const hdf5::Space scalar(H5Screate(H5S_SCALAR), what);
  const hdf5::Attribute attribute(
      H5Acreate2(file.get(), kFactsName, type.get(), scalar.get(), H5P_DEFAULT, H5P_DEFAULT), what);
  Check(H5Awrite(attribute.get(), type.get(), text.data()), what);
}

// Writes a group for each photo, and its parent groups.
class RowWriter {
 public:
  RowWriter(const hdf5::File& file, int64_t dimension, bool float16, const fs::path& target)
      : file_(file),
        float16_(float16),
        target_(target),
        what_(StrCat(target.string(), ": cannot be written")) {
    Check(H5Pset_char_encoding(links_.get(), H5T_CSET_UTF8), what_);
    const auto size = static_cast<hsize_t>(dimension);
    space_ = hdf5::Space(H5Screate_simple(1, &size, nullptr), what_);
    type_ = float16 ? hdf5::Float16() : hdf5::Type(H5Tcopy(H5T_IEEE_F32LE), what_);
  }

  template <typename Row>
  void Write(const std::string& group, const Row& row) {
    const std::string here = StrCat(Quoted(target_, group), " cannot be written");
    for (size_t end = group.find('/'); end != group.npos; end = group.find('/', end + 1)) {
      MakeGroup(group.substr(0, end), here);
    }
    MakeGroup(group, here);
    const hdf5::Dataset dataset(H5Dcreate2(file_.get(), StrCat(group, "/", kDatasetName).c_str(), type_.get(),
                                           space_.get(), links_.get(), datasets_.get(), H5P_DEFAULT),
                                here);
    // HDF5's own conversion to float16 does not round ties among subnormals to even.
    const auto write = [&](hid_t type, const auto& values) {
      Check(H5Dwrite(dataset.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), here);
    };
    if (float16_) {
      write(type_.get(), row.template cast<Eigen::half>().eval());
    } else {
      write(H5T_NATIVE_FLOAT, row);
    }
  }

 private:
  void MakeGroup(const std::string& path, const std::string& here) {
    if (!made_.insert(path).second) return;
    const hdf5::Group group(H5Gcreate2(file_.get(), path.c_str(), links_.get(), groups_.get(), H5P_DEFAULT),
                            here);
  }

  const hdf5::File& file_;
  bool float16_;
  const fs::path& target_;
  std::string what_;
  hdf5::Properties links_ = {H5Pcreate(H5P_LINK_CREATE), what_};
  hdf5::Properties groups_ = WithoutTimes(H5P_GROUP_CREATE, what_);
  hdf5::Properties datasets_ = WithoutTimes(H5P_DATASET_CREATE, what_);
  hdf5::Space space_;
  hdf5::Type type_;
  std::unordered_set<std::string> made_;
};

struct Links {
  std::vector<std::string> names;
  bool out_of_memory = false;
};

// Skips links to other files, and soft links: their targets in this file are found by hard links.
herr_t KeepHardLink(hid_t /*group*/, const char* name, const H5L_info_t* info, void* data) {
  auto* links = static_cast<Links*>(data);
  try {
    if (info->type == H5L_TYPE_HARD) links->names.emplace_back(name);
    return 0;
  } catch (const std::bad_alloc&) {  // must not pass through the C library
    links->out_of_memory = true;
    return -1;
  }
}

std::vector<std::string> HardLinks(const hdf5::Group& group, const std::string& what) {
  Links links;
  const herr_t result = H5Literate(group.get(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, KeepHardLink, &links);
  if (links.out_of_memory) throw std::bad_alloc();
  Check(result, what);
  return links.names;
}

// Paths of all groups that hold a global_descriptor, sorted.
std::vector<std::string> FindDescriptors(const hdf5::File& file, const fs::path& path, uint64_t file_size) {
  std::vector<std::string> found;
  std::vector<std::string> pending = {"/"};
  uint64_t path_bytes = 0;
  while (!pending.empty()) {
    const std::string parent = std::move(pending.back());
    pending.pop_back();
    const std::string what = StrCat(Quoted(path, parent), " cannot be read");
    const hdf5::Group group(H5Gopen2(file.get(), parent.c_str(), H5P_DEFAULT), what);
    for (const std::string& link : HardLinks(group, what)) {
      const std::string child = parent == "/" ? link : StrCat(parent, "/", link);
      // Groups may hold each other, which makes endless paths: their total length exceeds the size of the
      // file.
      path_bytes += child.size();
      VANTAGE_CHECK(path_bytes <= 4 * file_size, Quoted(path, child), ": the groups hold each other");
      const hdf5::Object object(H5Oopen(group.get(), link.c_str(), H5P_DEFAULT),
                                StrCat(path.string(), ": '", child, "' cannot be read"));
      const H5I_type_t kind = H5Iget_type(object.get());
      if (kind == H5I_GROUP) pending.push_back(child);
      if (kind == H5I_DATASET && link == kDatasetName && parent != "/") found.push_back(parent);
    }
  }
  std::sort(found.begin(), found.end());
  const auto twice = std::adjacent_find(found.begin(), found.end());
  VANTAGE_CHECK(twice == found.end(), Quoted(path, *twice), " is there twice");
  return found;
}

// What vantage adds to hloc's layout; nothing in files of other programs.
std::optional<DescriptorFile> ReadFacts(const hdf5::File& file, const fs::path& path, uint64_t file_size) {
  const std::string what = StrCat(path.string(), ": attribute '", kFactsName, "'");
  if (Check(H5Aexists(file.get(), kFactsName), what) == 0) return std::nullopt;
  const hdf5::Attribute attribute(H5Aopen(file.get(), kFactsName, H5P_DEFAULT), what);
  const hdf5::Type type(H5Aget_type(attribute.get()), what);
  const hdf5::Space space(H5Aget_space(attribute.get()), what);
  const bool is_text = H5Tget_class(type.get()) == H5T_STRING && H5Tis_variable_str(type.get()) == 0 &&
                       H5Sget_simple_extent_npoints(space.get()) == 1;
  const size_t size = H5Tget_size(type.get());
  VANTAGE_CHECK(is_text && size <= file_size, what, " is not what vantage writes: one text of fixed length");
  std::string text(size, '\0');
  Check(H5Aread(attribute.get(), type.get(), text.data()), what);
  return ParseFacts(text, what).file;
}

// gzip makes a value at most this many times as small.
constexpr uint64_t kMostCompression = 1032;

// How a dataset is stored, by its creation properties.
struct Storage {
  H5D_layout_t layout = H5D_LAYOUT_ERROR;
  hsize_t chunk = 0;         // values in a chunk
  uint64_t compression = 1;  // largest
};

// Throws Error unless this file holds the values itself and this program's own code decompresses them: other
// filters are plugins, which HDF5 would load.
Storage StorageOf(const hdf5::Dataset& dataset, const std::string& what) {
  const hdf5::Properties properties(H5Dget_create_plist(dataset.get()), what);
  Storage storage{H5Pget_layout(properties.get())};
  const bool is_here =
      storage.layout == H5D_CONTIGUOUS || storage.layout == H5D_COMPACT || storage.layout == H5D_CHUNKED;
  VANTAGE_CHECK(is_here && H5Pget_external_count(properties.get()) == 0, what, " is in another file");
  if (storage.layout != H5D_CHUNKED) return storage;
  VANTAGE_CHECK(H5Pget_chunk(properties.get(), 1, &storage.chunk) == 1 && storage.chunk > 0, what,
                " has chunks of more than one dimension");
  const int filters = Check(H5Pget_nfilters(properties.get()), what);
  for (int i = 0; i < filters; ++i) {
    char name[64] = "";
    unsigned flags = 0;
    size_t values = 0;
    const H5Z_filter_t filter = H5Pget_filter2(properties.get(), static_cast<unsigned>(i), &flags, &values,
                                               nullptr, sizeof(name) - 1, name, nullptr);
    if (filter == H5Z_FILTER_DEFLATE) storage.compression = kMostCompression;
    VANTAGE_CHECK(
        filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE || filter == H5Z_FILTER_FLETCHER32, what,
        " is compressed with the filter '", name, "' (", filter, "); gzip, shuffle and fletcher32 are read");
  }
  return storage;
}

class Hdf5Reader : public DescriptorReader {
 public:
  Hdf5Reader(const fs::path& path, const DescriptorReading& reading)
      : DescriptorReader(path, reading.normalise), file_size_(InputFile(path).size()) {
    if (!reading.names.empty())
      throw UsageError(StrCat("--names: ", path.string(), " has the names of its descriptors"));
    const hdf5::Session session;
    hdf5::File file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT),
                    StrCat(path.string(), ": not an HDF5 file, or damaged"));
    groups_ = FindDescriptors(file, path, file_size_);
    std::optional<DescriptorFile> facts = ReadFacts(file, path, file_size_);
    VANTAGE_CHECK(facts || !groups_.empty(), path.string(), ": no group holds a dataset '", kDatasetName,
                  "'");
    if (facts) {
      facts_ = std::move(*facts);
      OrderAsListed();
    } else {
      facts_.descriptors.names = groups_;
    }
    if (!groups_.empty()) {
      const hdf5::Dataset dataset = OpenDataset(file, groups_[0]);
      dimension_ = DimensionOf(dataset, groups_[0]);
      // All datasets have this dimension (checked when read); the smallest type has two bytes.
      const auto held = static_cast<int64_t>(file_size_ / 2 * StorageOf(dataset, groups_[0]).compression);
      VANTAGE_CHECK(dimension_ <= held / rows(), path.string(), ": ", rows(), " descriptors of ", dimension_,
                    " values are more than the file can hold");
    }
    file_ = std::move(file);
  }

  ~Hdf5Reader() override {
    const hdf5::Session session;
    file_ = {};
  }

  DescriptorMatrix ReadStored(int64_t first, int64_t count) const override {
    const hdf5::Session session;
    DescriptorMatrix block(count, dimension_);
    for (int64_t i = 0; i < count; ++i) {
      const std::string& group = groups_[ToIndex(first + i)];
      const hdf5::Dataset dataset = OpenDataset(file_, group);
      const int64_t dimension = DimensionOf(dataset, group);
      VANTAGE_CHECK(dimension == dimension_, Quoted(path_, group), ": '", kDatasetName, "' has ", dimension,
                    " values, that of '", groups_[0], "' ", dimension_);
      Check(H5Dread(dataset.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, block.row(i).data()),
            StrCat(Quoted(path_, group), ": '", kDatasetName, "' cannot be read"));
    }
    return block;
  }

 private:
  // Puts rows in the order that vantage noted. Groups that other programs added since come last.
  void OrderAsListed() {
    std::unordered_set<std::string> rest(groups_.begin(), groups_.end());
    std::vector<std::string> ordered;
    for (const std::string& name : facts_.descriptors.names) {
      ordered.push_back(GroupOf(name));
      VANTAGE_CHECK(rest.erase(ordered.back()) == 1, path_.string(), ": attribute '", kFactsName, "' lists '",
                    name, "', but no group of its own holds its '", kDatasetName, "'");
    }
    for (std::string& group : groups_) {
      if (!rest.contains(group)) continue;
      facts_.descriptors.names.push_back(group);
      ordered.push_back(std::move(group));
    }
    groups_ = std::move(ordered);
  }

  hdf5::Dataset OpenDataset(const hdf5::File& file, const std::string& group) const {
    return {H5Dopen2(file.get(), StrCat(group, "/", kDatasetName).c_str(), H5P_DEFAULT),
            StrCat(Quoted(path_, group), ": '", kDatasetName, "' cannot be opened")};
  }

  // The number of values. Refuses anything but a vector of floats that this file holds completely: no value
  // is invented, no other file opened.
  int64_t DimensionOf(const hdf5::Dataset& dataset, const std::string& group) const {
    const std::string what = StrCat(Quoted(path_, group), ": '", kDatasetName, "'");
    const hdf5::Space space(H5Dget_space(dataset.get()), what);
    VANTAGE_CHECK(H5Sget_simple_extent_ndims(space.get()) == 1, what, " is not an array of one dimension");
    hsize_t dimension = 0;
    Check(H5Sget_simple_extent_dims(space.get(), &dimension, nullptr), what);
    const hdf5::Type type(H5Dget_type(dataset.get()), what);
    const size_t item_size = H5Tget_size(type.get());
    VANTAGE_CHECK(H5Tget_class(type.get()) == H5T_FLOAT && item_size >= 2 && item_size <= 8, what,
                  " is not an array of float16, float32 or float64");
    const Storage storage = StorageOf(dataset, what);
    const hsize_t stored = H5Dget_storage_size(dataset.get());
    const hsize_t held = stored <= file_size_ ? stored * storage.compression / item_size : 0;
    VANTAGE_CHECK(dimension <= held && storage.chunk <= held, what, " announces ", dimension,
                  " values that the file does not hold");
    if (storage.layout != H5D_CHUNKED) return static_cast<int64_t>(dimension);
    hsize_t chunks = 0;
    Check(H5Dget_num_chunks(dataset.get(), space.get(), &chunks), what);
    VANTAGE_CHECK(chunks == (dimension + storage.chunk - 1) / storage.chunk, what,
                  ": chunks are missing, whose values the file does not hold");
    return static_cast<int64_t>(dimension);
  }

  hdf5::File file_;
  std::vector<std::string> groups_;  // of each row
  uint64_t file_size_;
};

}  // namespace

std::vector<std::string> Hdf5Groups(const std::vector<std::string>& names, const fs::path& target) {
  std::vector<std::string> groups;
  std::unordered_set<std::string> seen;
  for (const std::string& name : names) {
    groups.push_back(GroupOf(name));
    VANTAGE_CHECK(!groups.back().empty() && name.find('\0') == name.npos, target.string(), ": the name '",
                  name, "' cannot name an HDF5 group; write .npy");
    VANTAGE_CHECK(seen.insert(groups.back()).second, target.string(), ": two photos are named '",
                  groups.back(), "' as HDF5 takes names; write .npy");
  }
  return groups;
}

void WriteHdf5Descriptors(const DescriptorFile& descriptors, const fs::path& path, bool float16) {
  const std::string facts = FactsText(descriptors);
  // The names that reading gives back.
  const std::vector<std::string> groups =
      Hdf5Groups(ParseFacts(facts, path.string()).file.descriptors.names, path);
  PartialFile output(path);
  {
    const hdf5::Session session;
    hdf5::File file = CreateFile(output.path(), path);
    WriteFacts(file, facts, path);
    {
      RowWriter writer(file, descriptors.descriptors.dimension(), float16, path);
      for (size_t i = 0; i < groups.size(); ++i) {
        writer.Write(groups[i], descriptors.descriptors.values.row(static_cast<Eigen::Index>(i)));
      }
    }
    file.Close(StrCat(path.string(), ": cannot be written"));
  }
  output.Commit();
}

std::unique_ptr<DescriptorReader> OpenHdf5Descriptors(const fs::path& path,
                                                      const DescriptorReading& reading) {
  return std::make_unique<Hdf5Reader>(path, reading);
}

}  // namespace vantage::descriptor_files
