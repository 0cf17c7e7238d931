// SPDX-License-Identifier: BSD-3-Clause
#include "evaluation/protocols/official.h"
#include "evaluation/protocols/protocols.h"

namespace vantage {

// Philbin et al., CVPR 2007 and 2008.
Protocol evaluation::Oxford5k() { return OfficialProtocol({.name = "oxford5k", .photos_with_texts = 5063}); }
Protocol evaluation::Paris6k() { return OfficialProtocol({.name = "paris6k", .photos_with_texts = 6392}); }

}  // namespace vantage
