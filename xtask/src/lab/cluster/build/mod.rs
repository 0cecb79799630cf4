//! The cluster's programs and images, made once and kept: Debian's packages, the Kubernetes
//! programs built from Debian's source package, and images packed without Docker.

mod debian;
mod image;
mod programs;
mod small;
mod sources;

pub(crate) use image::{Image, nodesleuth as nodesleuth_image};
pub(crate) use small::program;

use crate::failure::Result;
use crate::lab::cluster::places::Places;

/// Sees to it that everything is there.
pub(crate) fn prepare(places: &Places) -> Result<()> {
    debian::unpack(places)?;
    image::pause(places)?.pack(places)?;
    image::busybox(places).pack(places)?;
    programs::build(places)
}

/// The images that every cluster has.
pub(crate) const IMAGES: [&str; 2] = [image::PAUSE, image::BUSYBOX];
