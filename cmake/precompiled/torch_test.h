// SPDX-License-Identifier: BSD-3-Clause
// Precompiled for the tests of modules with torch.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "torch.h"
