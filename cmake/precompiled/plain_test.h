// SPDX-License-Identifier: BSD-3-Clause
// Precompiled for the tests of modules without torch.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plain.h"
