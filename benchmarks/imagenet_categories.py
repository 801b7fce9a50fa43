"""A hundred photographs of ImageNet's test fifth, ten in each of ten categories.

The test fifth has one photograph for every fifth class, two hundred in all; the categories go by what their classes are
called. Those too small for a figure are left out, and of what is left ten are taken at even steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .photographs import Photograph
from .region_figures import SMALLEST_SIDE

EACH = 10
OTHER = "tools and household"
_CLASSES = {
    "birds": "brambling robin water_ouzel black_grouse quail lorikeet jacamar black_swan flamingo limpkin "
    "red-backed_sandpiper king_penguin",
    "dogs": "Shih-Tzu Afghan_hound black-and-tan_coonhound Irish_wolfhound otterhound American_Staffordshire_terrier "
    "Norfolk_terrier Sealyham_terrier Boston_bull Tibetan_terrier flat-coated_retriever German_short-haired_pointer "
    "Brittany_spaniel Sussex_spaniel malinois Shetland_sheepdog German_shepherd Appenzeller French_bulldog "
    "Siberian_husky Leonberg chow toy_poodle",
    "other mammals": "koala sea_lion white_wolf African_hunting_dog grey_fox Egyptian_cat jaguar American_black_bear "
    "wood_rabbit fox_squirrel zebra ox ibex llama otter orangutan guenon colobus titi Indian_elephant",
    "fish and reptiles": "tench electric_ray European_fire_salamander bullfrog mud_turtle American_chameleon "
    "Gila_monster American_alligator green_snake night_snake sea_snake eel gar",
    "insects and the like": "harvestman black_widow flatworm sea_slug fiddler_crab hermit_crab tiger_beetle "
    "dung_beetle ant mantis damselfly sulphur_butterfly",
    "plants and food": "consomme French_loaf mashed_potato spaghetti_squash bell_pepper orange jackfruit "
    "chocolate_sauce burrito daisy buckeye earthstar",
    "buildings and scenery": "apiary bakery barn breakwater cliff_dwelling dam drilling_platform greenhouse "
    "mobile_home radio_telescope stone_wall tobacco_shop toyshop water_tower yurt alp lakeside volcano",
    "vehicles": "airship bobsled container_ship fire_engine freight_car golfcart harvester lifeboat moped "
    "motor_scooter moving_van oxcart passenger_car schooner steam_locomotive tricycle unicycle warplane",
    "clothes and sport": "academic_gown basketball bikini bulletproof_vest chain_mail cowboy_hat football_helmet "
    "gasmask jersey knee_pad Loafer miniskirt pickelhaube poncho running_shoe sarong ski soccer_ball velvet volleyball",
}
_CATEGORY_OF: Mapping[str, str] = {name: category for category, names in _CLASSES.items() for name in names.split()}
CATEGORIES = (*_CLASSES, OTHER)


def category_of(photograph: Photograph) -> str:
    """By the class in the file's name, which follows the WordNet id: n01530575_brambling."""
    return _CATEGORY_OF.get(photograph.name.split("_", 1)[1], OTHER)


def hundred(test_fifth: Iterable[Photograph]) -> list[Photograph]:
    """Ten of each category, in the order of the categories."""
    by_category: dict[str, list[Photograph]] = {category: [] for category in CATEGORIES}
    for photograph in test_fifth:
        if min(photograph.load().size) >= SMALLEST_SIDE:
            by_category[category_of(photograph)].append(photograph)
    return [
        several[index * len(several) // EACH] for several in by_category.values() for index in range(EACH) if several
    ]
