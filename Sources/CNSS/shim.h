// SPDX-License-Identifier: Apache-2.0
//
// glibc's name service switch, set in one file of DrHost.
#include <nss.h>
