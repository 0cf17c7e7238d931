// SPDX-License-Identifier: BSD-3-Clause
#include "evaluation/protocols/official.h"
#include "evaluation/protocols/protocols.h"

namespace vantage {

// Radenović et al., CVPR 2018.
Protocol evaluation::ROxford5k() { return OfficialProtocol({.name = "roxford5k", .revisited = true}); }
Protocol evaluation::RParis6k() { return OfficialProtocol({.name = "rparis6k", .revisited = true}); }

}  // namespace vantage
