/** Entry of every page but the editor: finds the islands of the page and brings them to life. */

import { enhance } from "./ui/pages/enhance";
import { mountIslands } from "./ui/pages/islands";

enhance(document);
void mountIslands(document);
