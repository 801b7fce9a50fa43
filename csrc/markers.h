/* The markers of a progressive file, into the compressor's destination: what libjpeg writes between the scans. */

#ifndef RJ_MARKERS_H
#define RJ_MARKERS_H

#include "internal.h"

/* Those that the components have, each once. */
void rj_put_quantisation_tables(j_compress_ptr cinfo);
void rj_put_progressive_frame(j_compress_ptr cinfo);
void rj_put_restart_interval(j_compress_ptr cinfo, size_t interval);
void rj_put_huffman_table(j_compress_ptr cinfo, const JHUFF_TBL *table, int is_ac, int index);
void rj_put_scan_header(j_compress_ptr cinfo, const jpeg_scan_info *scan);
void rj_put_end_of_image(j_compress_ptr cinfo);

#endif
