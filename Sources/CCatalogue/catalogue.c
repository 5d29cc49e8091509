// SPDX-License-Identifier: Apache-2.0
// Written by `swift run drdev generate`; do not edit.

#include "CCatalogue.h"

static const unsigned char page_0[] = {
#embed "../../docs/diagnostics/E0001.md"
};
static const unsigned char page_1[] = {
#embed "../../docs/diagnostics/E0002.md"
};
static const unsigned char page_2[] = {
#embed "../../docs/diagnostics/E0003.md"
};
static const unsigned char page_3[] = {
#embed "../../docs/diagnostics/E0004.md"
};
static const unsigned char page_4[] = {
#embed "../../docs/diagnostics/E0005.md"
};
static const unsigned char page_5[] = {
#embed "../../docs/diagnostics/E0006.md"
};
static const unsigned char page_6[] = {
#embed "../../docs/diagnostics/E0007.md"
};
static const unsigned char page_7[] = {
#embed "../../docs/diagnostics/E0008.md"
};
static const unsigned char page_8[] = {
#embed "../../docs/diagnostics/E0101.md"
};
static const unsigned char page_9[] = {
#embed "../../docs/diagnostics/E0102.md"
};
static const unsigned char page_10[] = {
#embed "../../docs/diagnostics/E0103.md"
};
static const unsigned char page_11[] = {
#embed "../../docs/diagnostics/E0104.md"
};
static const unsigned char page_12[] = {
#embed "../../docs/diagnostics/E0105.md"
};
static const unsigned char page_13[] = {
#embed "../../docs/diagnostics/E0106.md"
};
static const unsigned char page_14[] = {
#embed "../../docs/diagnostics/E0107.md"
};
static const unsigned char page_15[] = {
#embed "../../docs/diagnostics/E0108.md"
};
static const unsigned char page_16[] = {
#embed "../../docs/diagnostics/E0109.md"
};
static const unsigned char page_17[] = {
#embed "../../docs/diagnostics/E0110.md"
};
static const unsigned char page_18[] = {
#embed "../../docs/diagnostics/E0201.md"
};
static const unsigned char page_19[] = {
#embed "../../docs/diagnostics/E0202.md"
};
static const unsigned char page_20[] = {
#embed "../../docs/diagnostics/E0203.md"
};
static const unsigned char page_21[] = {
#embed "../../docs/diagnostics/E0204.md"
};
static const unsigned char page_22[] = {
#embed "../../docs/diagnostics/E0205.md"
};
static const unsigned char page_23[] = {
#embed "../../docs/diagnostics/E0206.md"
};
static const unsigned char page_24[] = {
#embed "../../docs/diagnostics/E0207.md"
};
static const unsigned char page_25[] = {
#embed "../../docs/diagnostics/E0208.md"
};
static const unsigned char page_26[] = {
#embed "../../docs/diagnostics/E0301.md"
};
static const unsigned char page_27[] = {
#embed "../../docs/diagnostics/E0302.md"
};
static const unsigned char page_28[] = {
#embed "../../docs/diagnostics/E0303.md"
};
static const unsigned char page_29[] = {
#embed "../../docs/diagnostics/E0401.md"
};
static const unsigned char page_30[] = {
#embed "../../docs/diagnostics/E0402.md"
};
static const unsigned char page_31[] = {
#embed "../../docs/diagnostics/E0403.md"
};
static const unsigned char page_32[] = {
#embed "../../docs/diagnostics/E0404.md"
};
static const unsigned char page_33[] = {
#embed "../../docs/diagnostics/E0405.md"
};
static const unsigned char page_34[] = {
#embed "../../docs/diagnostics/E0406.md"
};
static const unsigned char page_35[] = {
#embed "../../docs/diagnostics/E0407.md"
};
static const unsigned char page_36[] = {
#embed "../../docs/diagnostics/E0501.md"
};
static const unsigned char page_37[] = {
#embed "../../docs/diagnostics/E0502.md"
};
static const unsigned char page_38[] = {
#embed "../../docs/diagnostics/E0503.md"
};
static const unsigned char page_39[] = {
#embed "../../docs/diagnostics/E0504.md"
};
static const unsigned char page_40[] = {
#embed "../../docs/diagnostics/E0505.md"
};
static const unsigned char page_41[] = {
#embed "../../docs/diagnostics/E0506.md"
};
static const unsigned char page_42[] = {
#embed "../../docs/diagnostics/E0507.md"
};
static const unsigned char page_43[] = {
#embed "../../docs/diagnostics/E0601.md"
};
static const unsigned char page_44[] = {
#embed "../../docs/diagnostics/E0602.md"
};
static const unsigned char page_45[] = {
#embed "../../docs/diagnostics/E0603.md"
};
static const unsigned char page_46[] = {
#embed "../../docs/diagnostics/E0604.md"
};
static const unsigned char page_47[] = {
#embed "../../docs/diagnostics/E0605.md"
};
static const unsigned char page_48[] = {
#embed "../../docs/diagnostics/E0606.md"
};
static const unsigned char page_49[] = {
#embed "../../docs/diagnostics/E0701.md"
};
static const unsigned char page_50[] = {
#embed "../../docs/diagnostics/E0702.md"
};
static const unsigned char page_51[] = {
#embed "../../docs/diagnostics/E0703.md"
};
static const unsigned char page_52[] = {
#embed "../../docs/diagnostics/E0704.md"
};
static const unsigned char page_53[] = {
#embed "../../docs/diagnostics/E0705.md"
};
static const unsigned char page_54[] = {
#embed "../../docs/diagnostics/E0706.md"
};

static const struct dr_page pages[] = {
  {"E0001", page_0, sizeof page_0},
  {"E0002", page_1, sizeof page_1},
  {"E0003", page_2, sizeof page_2},
  {"E0004", page_3, sizeof page_3},
  {"E0005", page_4, sizeof page_4},
  {"E0006", page_5, sizeof page_5},
  {"E0007", page_6, sizeof page_6},
  {"E0008", page_7, sizeof page_7},
  {"E0101", page_8, sizeof page_8},
  {"E0102", page_9, sizeof page_9},
  {"E0103", page_10, sizeof page_10},
  {"E0104", page_11, sizeof page_11},
  {"E0105", page_12, sizeof page_12},
  {"E0106", page_13, sizeof page_13},
  {"E0107", page_14, sizeof page_14},
  {"E0108", page_15, sizeof page_15},
  {"E0109", page_16, sizeof page_16},
  {"E0110", page_17, sizeof page_17},
  {"E0201", page_18, sizeof page_18},
  {"E0202", page_19, sizeof page_19},
  {"E0203", page_20, sizeof page_20},
  {"E0204", page_21, sizeof page_21},
  {"E0205", page_22, sizeof page_22},
  {"E0206", page_23, sizeof page_23},
  {"E0207", page_24, sizeof page_24},
  {"E0208", page_25, sizeof page_25},
  {"E0301", page_26, sizeof page_26},
  {"E0302", page_27, sizeof page_27},
  {"E0303", page_28, sizeof page_28},
  {"E0401", page_29, sizeof page_29},
  {"E0402", page_30, sizeof page_30},
  {"E0403", page_31, sizeof page_31},
  {"E0404", page_32, sizeof page_32},
  {"E0405", page_33, sizeof page_33},
  {"E0406", page_34, sizeof page_34},
  {"E0407", page_35, sizeof page_35},
  {"E0501", page_36, sizeof page_36},
  {"E0502", page_37, sizeof page_37},
  {"E0503", page_38, sizeof page_38},
  {"E0504", page_39, sizeof page_39},
  {"E0505", page_40, sizeof page_40},
  {"E0506", page_41, sizeof page_41},
  {"E0507", page_42, sizeof page_42},
  {"E0601", page_43, sizeof page_43},
  {"E0602", page_44, sizeof page_44},
  {"E0603", page_45, sizeof page_45},
  {"E0604", page_46, sizeof page_46},
  {"E0605", page_47, sizeof page_47},
  {"E0606", page_48, sizeof page_48},
  {"E0701", page_49, sizeof page_49},
  {"E0702", page_50, sizeof page_50},
  {"E0703", page_51, sizeof page_51},
  {"E0704", page_52, sizeof page_52},
  {"E0705", page_53, sizeof page_53},
  {"E0706", page_54, sizeof page_54},
};

const struct dr_page *dr_catalogue_pages(void) { return pages; }

size_t dr_catalogue_count(void) { return sizeof pages / sizeof pages[0]; }
