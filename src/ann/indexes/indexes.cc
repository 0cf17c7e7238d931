// SPDX-License-Identifier: BSD-3-Clause
#include "ann/indexes/indexes.h"

namespace vantage {

// Each is defined in the file of its kind.
namespace ann {
IndexRow FlatIndex();
IndexRow HnswIndex();
IndexRow IvfFlatIndex();
IndexRow IvfPqIndex();
}  // namespace ann

namespace {

const Catalogue<ann::IndexRow>& IndexTable() {
  static const Catalogue<ann::IndexRow> indexes(
      "index", {ann::FlatIndex(), ann::IvfFlatIndex(), ann::IvfPqIndex(), ann::HnswIndex()});
  return indexes;
}

}  // namespace

const Kinds& IndexFamily::Table() { return IndexTable(); }

const ann::IndexRow& ann::RowOf(const IndexChoice& options) {
  if (!options) throw UsageError("index: no kind is chosen");
  return IndexTable().At(options.kind());
}

}  // namespace vantage
