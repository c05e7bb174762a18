/* Detect objects on photos with an SSD network in TensorFlow Lite's format, and write what was found as JSON.
 *
 * usage: detect MODEL OUTPUT [--threads=N] [--score=X] [--nms=X] [--repetitions=N] [--warmup=N] PHOTO...
 *
 * A photo's name that begins with @ is a file that lists photos, one a line. With - as the output the program serves:
 * it reads all photos, says "ready VERSION", and for each line with a photo's number it says "NUMBER DETECTIONS
 * MILLISECONDS", until its input ends.
 *
 * Resizing and suppression are those of images.py and boxes.py, operation by operation, so that results can be compared.
 */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#include <stb/stb_image.h>

#include "tflite_c.h"

enum { SIDE = 300, CHANNELS = 3, CLASSES = 90, MOST = 100 };

struct settings {
    int threads, repetitions, warmup;
    double score, nms;
};

struct network {
    TfLiteInterpreter *interpreter;
    float *input;
    const float *scores; /* anchors x CLASSES */
    const float *boxes;  /* anchors x 4: top, left, bottom, right */
    int anchors;
};

struct candidate {
    float score;
    int anchor;
};

struct detection {
    int category;
    int rank; /* place among all that was kept: equal scores stay in order */
    float score;
    float box[4]; /* top, left, bottom, right */
};

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "detect: %s: %s\n", what, why);
    exit(1);
}

static void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory)
        fail("memory", "there is not enough");
    return memory;
}

static double number(const char *option, const char *text, double least, double most)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= least && value <= most))
        fail(option, "its value can't be used");
    return value;
}

static int read_option(struct settings *settings, const char *argument)
{
    const char *value = strchr(argument, '=');
    size_t length;
    if (strncmp(argument, "--", 2) != 0)
        return 0;
    if (!value)
        fail(argument, "write --NAME=VALUE");
    length = (size_t)(++value - argument);
    if (strncmp(argument, "--threads=", length) == 0)
        settings->threads = (int)number(argument, value, 0, 1024);
    else if (strncmp(argument, "--score=", length) == 0)
        settings->score = number(argument, value, 0, 1);
    else if (strncmp(argument, "--nms=", length) == 0)
        settings->nms = number(argument, value, 0, 1);
    else if (strncmp(argument, "--repetitions=", length) == 0)
        settings->repetitions = (int)number(argument, value, 1, 1e6);
    else if (strncmp(argument, "--warmup=", length) == 0)
        settings->warmup = (int)number(argument, value, 0, 1e6);
    else
        fail(argument, "there is no such option");
    return 1;
}

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static int last_dimension(const TfLiteTensor *tensor)
{
    int32_t count = TfLiteTensorNumDims(tensor);
    return count ? TfLiteTensorDim(tensor, count - 1) : 0;
}

static void require_model_file(const char *path)
{
    char head[8];
    FILE *file = fopen(path, "rb");
    if (!file)
        fail(path, strerror(errno));
    if (fread(head, 1, sizeof head, file) != sizeof head || memcmp(head + 4, "TFL3", 4) != 0)
        fail(path, "not a TFLite model");
    fclose(file);
}

static struct network load(const char *path, int threads)
{
    struct network network = {0};
    TfLiteModel *model;
    TfLiteInterpreterOptions *options;
    TfLiteTensor *input;
    int place;

    require_model_file(path);
    model = TfLiteModelCreateFromFile(path);
    if (!model)
        fail(path, "TensorFlow Lite can't read it");
    options = TfLiteInterpreterOptionsCreate();
    if (threads > 0)
        TfLiteInterpreterOptionsSetNumThreads(options, threads);
    network.interpreter = TfLiteInterpreterCreate(model, options);
    if (!network.interpreter || TfLiteInterpreterAllocateTensors(network.interpreter) != TFLITE_OK)
        fail(path, "TensorFlow Lite can't prepare it");
    if (TfLiteInterpreterGetInputTensorCount(network.interpreter) != 1)
        fail(path, "not an SSD network as this detector knows it");
    input = TfLiteInterpreterGetInputTensor(network.interpreter, 0);
    if (TfLiteTensorType(input) != TFLITE_FLOAT32
        || TfLiteTensorByteSize(input) != SIDE * SIDE * CHANNELS * sizeof(float))
        fail(path, "its input is not one photo of 300x300 in float");
    network.input = TfLiteTensorData(input);
    for (place = 0; place < TfLiteInterpreterGetOutputTensorCount(network.interpreter); place++) {
        const TfLiteTensor *output = TfLiteInterpreterGetOutputTensor(network.interpreter, place);
        int last = last_dimension(output);
        if (TfLiteTensorType(output) != TFLITE_FLOAT32)
            fail(path, "its outputs are not in float");
        if (last == CLASSES) {
            network.scores = TfLiteTensorData(output);
            network.anchors = (int)(TfLiteTensorByteSize(output) / (CLASSES * sizeof(float)));
        } else if (last == 4) {
            network.boxes = TfLiteTensorData(output);
        }
    }
    if (!network.scores || !network.boxes)
        fail(path, "it does not give scores of 90 classes and boxes");
    return network;
}

/* Resize as TensorFlow 1 does: bilinear, corners not aligned, no half pixel; and bring 0..255 to -1..1. */
static void shape(const unsigned char *pixels, int width, int height, float *out)
{
    float per_row = (float)height / SIDE, per_column = (float)width / SIDE;
    int y, x, c;
    for (y = 0; y < SIDE; y++) {
        float exact_y = (float)y * per_row;
        int top = (int)exact_y, bottom = top + 1 < height ? top + 1 : height - 1;
        float down = exact_y - (float)top;
        for (x = 0; x < SIDE; x++) {
            float exact_x = (float)x * per_column;
            int left = (int)exact_x, right = left + 1 < width ? left + 1 : width - 1;
            float across = exact_x - (float)left;
            for (c = 0; c < CHANNELS; c++) {
                float a = pixels[((size_t)top * width + left) * CHANNELS + c];
                float b = pixels[((size_t)top * width + right) * CHANNELS + c];
                float d = pixels[((size_t)bottom * width + left) * CHANNELS + c];
                float e = pixels[((size_t)bottom * width + right) * CHANNELS + c];
                float upper = a + (b - a) * across, lower = d + (e - d) * across;
                *out++ = (upper + (lower - upper) * down) * (2.0f / 255.0f) - 1.0f;
            }
        }
    }
}

static int by_score(const void *first, const void *second)
{
    const struct candidate *a = first, *b = second;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    return a->anchor - b->anchor;
}

static int by_rank(const void *first, const void *second)
{
    const struct detection *a = first, *b = second;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    return a->rank - b->rank;
}

static float clipped(float value)
{
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

static float area(const float *box)
{
    return (box[2] - box[0]) * (box[3] - box[1]);
}

static double overlap(const float *a, const float *b)
{
    float height = fminf(a[2], b[2]) - fmaxf(a[0], b[0]), width = fminf(a[3], b[3]) - fmaxf(a[1], b[1]);
    double common;
    if (height <= 0 || width <= 0)
        return 0;
    common = height * width;
    return common / (area(a) + area(b) - common);
}

/* Keep the best of overlapping boxes of one class behind those that are kept already; give the new number. */
static int suppress(const struct network *network, int column, const struct settings *settings,
                    struct candidate *likely, struct detection *kept, int count)
{
    int found = 0, first = count, place, other, anchor;
    for (anchor = 0; anchor < network->anchors; anchor++) {
        float score = network->scores[(size_t)anchor * CLASSES + column];
        if (score >= settings->score)
            likely[found++] = (struct candidate){score, anchor};
    }
    qsort(likely, (size_t)found, sizeof *likely, by_score);
    for (place = 0; place < found && place < MOST; place++) {
        struct detection new = {column + 1, count, likely[place].score, {0}};
        for (other = 0; other < 4; other++)
            new.box[other] = clipped(network->boxes[(size_t)likely[place].anchor * 4 + other]);
        if (area(new.box) <= 0)
            continue;
        for (other = first; other < count && overlap(new.box, kept[other].box) <= settings->nms; other++)
            ;
        if (other == count)
            kept[count++] = new;
    }
    return count;
}

static int detect(struct network *network, const unsigned char *pixels, int width, int height,
                  const struct settings *settings, struct candidate *likely, struct detection *kept)
{
    int count = 0, column;
    shape(pixels, width, height, network->input);
    if (TfLiteInterpreterInvoke(network->interpreter) != TFLITE_OK)
        fail("TensorFlow Lite", "it can't run the model");
    for (column = 0; column < CLASSES; column++)
        count = suppress(network, column, settings, likely, kept, count);
    qsort(kept, (size_t)count, sizeof *kept, by_rank);
    return count < MOST ? count : MOST;
}

static void write_photo(FILE *out, int width, int height, const double *times, int repetitions,
                        const struct detection *kept, int count)
{
    int place;
    fprintf(out, "{\"width\": %d, \"height\": %d, \"latencies_ms\": [", width, height);
    for (place = 0; place < repetitions; place++)
        fprintf(out, "%s%.6f", place ? ", " : "", times[place]);
    fprintf(out, "], \"detections\": [");
    for (place = 0; place < count; place++)
        fprintf(out, "%s\n {\"category\": %d, \"score\": %.9g, \"box\": [%.9g, %.9g, %.9g, %.9g]}", place ? "," : "",
                kept[place].category, kept[place].score, kept[place].box[1], kept[place].box[0], kept[place].box[3],
                kept[place].box[2]);
    fprintf(out, "]}");
}

struct photo {
    const char *path;
    unsigned char *pixels;
    int width, height;
};

struct photos {
    struct photo *list;
    int count;
};

static void add_photo(struct photos *photos, const char *path)
{
    struct photo *list = realloc(photos->list, sizeof *list * ((size_t)photos->count + 1));
    if (!list)
        fail("memory", "there is not enough");
    list[photos->count++] = (struct photo){path, NULL, 0, 0};
    photos->list = list;
}

static void add_listed(struct photos *photos, const char *path)
{
    char line[4096];
    FILE *file = fopen(path, "r");
    if (!file)
        fail(path, strerror(errno));
    while (fgets(line, sizeof line, file)) {
        size_t length = strcspn(line, "\r\n");
        char *copy = allocate(length + 1, 1);
        memcpy(copy, line, length);
        if (length)
            add_photo(photos, copy);
    }
    if (ferror(file))
        fail(path, "it can't be read");
    fclose(file);
}

static void decode(struct photo *photo)
{
    int channels;
    photo->pixels = stbi_load(photo->path, &photo->width, &photo->height, &channels, CHANNELS);
    if (!photo->pixels)
        fail(photo->path, stbi_failure_reason());
}

/* Answer numbers of photos on the input, for whoever measures from outside. */
static void serve(struct network *network, const struct settings *settings, struct photos *photos,
                  struct candidate *likely, struct detection *kept)
{
    char line[64], *end;
    int place;
    for (place = 0; place < photos->count; place++)
        decode(&photos->list[place]);
    for (place = 0; photos->count && place < settings->warmup; place++)
        detect(network, photos->list[0].pixels, photos->list[0].width, photos->list[0].height, settings, likely, kept);
    printf("ready %s\n", TfLiteVersion());
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        long number = strtol(line, &end, 10);
        const struct photo *photo;
        double start;
        int count;
        if (end == line || number < 0 || number >= photos->count)
            fail("input", "not the number of a photo");
        photo = &photos->list[number];
        start = milliseconds();
        count = detect(network, photo->pixels, photo->width, photo->height, settings, likely, kept);
        printf("%ld %d %.6f\n", number, count, milliseconds() - start);
        fflush(stdout);
    }
}

/* Find things on each photo, as often as wanted, and write it all. */
static void measure(struct network *network, const struct settings *settings, struct photos *photos, const char *output,
                    struct candidate *likely, struct detection *kept)
{
    double *times = allocate((size_t)settings->repetitions, sizeof *times);
    FILE *out = fopen(output, "w");
    int place, round;
    if (!out)
        fail(output, strerror(errno));
    fprintf(out, "{\"version\": \"%s\", \"images\": [", TfLiteVersion());
    for (place = 0; place < photos->count; place++) {
        struct photo *photo = &photos->list[place];
        int count = 0;
        decode(photo);
        for (round = place ? settings->warmup : 0; round < settings->warmup; round++)
            detect(network, photo->pixels, photo->width, photo->height, settings, likely, kept);
        for (round = 0; round < settings->repetitions; round++) {
            double start = milliseconds();
            count = detect(network, photo->pixels, photo->width, photo->height, settings, likely, kept);
            times[round] = milliseconds() - start;
        }
        fprintf(out, "%s\n", place ? "," : "");
        write_photo(out, photo->width, photo->height, times, settings->repetitions, kept, count);
        stbi_image_free(photo->pixels);
    }
    fprintf(out, "\n]}\n");
    if (ferror(out) || fclose(out) != 0)
        fail(output, strerror(errno));
    free(times);
}

int main(int argc, char **argv)
{
    struct settings settings = {0, 1, 1, 0.05, 0.6};
    struct network network;
    struct photos photos = {NULL, 0};
    struct candidate *likely;
    struct detection *kept;
    int place;

    if (argc < 4) {
        fprintf(stderr, "usage: %s MODEL OUTPUT|- [--threads=N] [--score=X] [--nms=X] [--repetitions=N] [--warmup=N] "
                        "PHOTO|@LIST...\n", argv[0]);
        return 2;
    }
    for (place = 3; place < argc && read_option(&settings, argv[place]); place++)
        ;
    for (; place < argc; place++) {
        if (argv[place][0] == '@')
            add_listed(&photos, argv[place] + 1);
        else
            add_photo(&photos, argv[place]);
    }
    network = load(argv[1], settings.threads);
    likely = allocate((size_t)network.anchors, sizeof *likely);
    kept = allocate((size_t)CLASSES * MOST, sizeof *kept);
    if (strcmp(argv[2], "-") == 0)
        serve(&network, &settings, &photos, likely, kept);
    else
        measure(&network, &settings, &photos, argv[2], likely, kept);
    return 0;
}
