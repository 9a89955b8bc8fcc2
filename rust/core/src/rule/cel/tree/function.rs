//! The functions, and the types of what they give.

use super::Type;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rule::cel) enum Function {
    Size,
    Contains,
    StartsWith,
    EndsWith,
    LowerAscii,
    UpperAscii,
    Trim,
    Split,
    IndexOf,
    Substring,
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Dyn,
    TypeOf,
    HasValue,
    Value,
    Or,
    OrValue,
}

impl Function {
    pub(super) const fn kind(self) -> Option<Type> {
        Some(match self {
            Self::Contains | Self::StartsWith | Self::EndsWith | Self::HasValue | Self::Bool => {
                Type::Bool
            }
            Self::Size | Self::IndexOf | Self::Int => Type::Int,
            Self::Uint => Type::Uint,
            Self::Double => Type::Double,
            Self::LowerAscii | Self::UpperAscii | Self::Trim | Self::Substring | Self::Text => {
                Type::Text
            }
            Self::Split => Type::List,
            Self::TypeOf => Type::Meta,
            Self::Or => Type::Optional,
            Self::Dyn | Self::Value | Self::OrValue => return None,
        })
    }
}
